// What charts show beside their series: spans that were not observed, notes of people, epochs.

import type { EpochsAnswer, MarkersAnswer, ObservationsAnswer } from "./answers.ts";
import { words } from "./format.ts";

export interface Marks {
  /** Spans in which no mirroring, or `share` of them, was observed. Seconds since the Unix epoch. */
  readonly gaps: readonly {
    readonly from: number;
    readonly to: number;
    readonly share: number;
    readonly cause: string;
  }[];
  readonly lines: readonly { readonly at: number; readonly kind: "note" | "epoch"; readonly text: string }[];
}

export const NO_MARKS: Marks = { gaps: [], lines: [] };

const seconds = (iso: string): number => Date.parse(iso) / 1000;

export const epochText = ({ what, before, after }: EpochsAnswer["epochs"][number]): string =>
  before === "" && after === ""
    ? what
    : `${words(what)}: ${before === "" ? "nothing" : before} → ${after === "" ? "nothing" : after}`;

export function marksOf(
  { mirrorings: timelines }: ObservationsAnswer,
  { markers }: MarkersAnswer,
  { epochs }: EpochsAnswer,
): Marks {
  const gaps = timelines.flatMap((timeline) =>
    timeline.gaps.map(({ from, to, cause }) => {
      return {
        from: seconds(from),
        to: seconds(to),
        share: 1 / timelines.length,
        cause: `${timeline.mirroring}: ${words(cause)}`,
      };
    }),
  );
  const notes = markers.map(({ at, text }) => ({ at: seconds(at), kind: "note" as const, text }));
  const changes = epochs.map((epoch) => {
    return { at: seconds(epoch.at), kind: "epoch" as const, text: `Epoch: ${epochText(epoch)}` };
  });
  return { gaps, lines: [...notes, ...changes] };
}
