// The chain of successes of each mirroring, over all of its databases.

import type { LogReader } from "../../events/log-reader.ts";
import type { WindowReading } from "../read-window.ts";
import { readSuccessChain } from "../success-chain.ts";
import type { Window } from "../window.ts";
import type { ChainFacts } from "./facts.ts";

type LaneReading = WindowReading["lanes"][number];

const failed = ({ rollup: { counters } }: LaneReading): boolean => counters.errored + counters.dropped > 0;
const isBusy = ({ rollup: { counters } }: LaneReading): boolean => counters.selected + counters.mirrored > 0;

/** `lanes` are what was read of the window. Called inside a read transaction. */
export function readChains(reader: LogReader, window: Window, lanes: readonly LaneReading[]): ChainFacts[] {
  const busy = lanes.filter((lane) => isBusy(lane) || failed(lane));
  return [...Map.groupBy(busy, ({ mirroring }) => mirroring)].map(([mirroring, own]) => {
    const broken = own.filter(failed);
    // Of one database, or without a failure, the window has said it already.
    if (own.length === 1 || broken.length === 0) {
      const successes = own.reduce((sum, { rollup }) => sum + rollup.counters.consecutive_successes, 0);
      return { mirroring, successes, brokenBy: broken[0]?.database ?? null };
    }
    const chain = readSuccessChain(
      reader,
      window,
      own.map(({ lane }) => lane),
    );
    const brokenBy = own.find(({ lane }) => lane === chain.brokenBy)?.database ?? null;
    return { mirroring, successes: chain.successes, brokenBy };
  });
}
