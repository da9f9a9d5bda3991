// The strip of each mirroring: when it was observed, and when not.

import type { GapAnswer, ObservationsAnswer } from "./answers.ts";
import { element, find } from "./element.ts";
import { counted, duration, minute, percentDown, words } from "./format.ts";

/** Nobody's fault: there was no log yet. */
export const isBeforeLog = ({ cause }: GapAnswer): boolean => cause === "before_log" || cause === "not_configured";

const seconds = (iso: string): number => Date.parse(iso) / 1000;

export function showObserved({ from, to, mirrorings }: ObservationsAnswer): void {
  const [begin, end] = [seconds(from), seconds(to)];
  const place = find("#observed");
  if (mirrorings.length === 0) {
    place.replaceChildren(element("p", { class: "empty" }, "Nothing has been observed yet."));
    return;
  }
  const strips = mirrorings.map(
    ({ mirroring, observed_seconds: observed, observed_share: share, gaps, gaps_total: total }) => {
      const pieces = gaps.map((gap) => {
        const piece = element("i", {
          title: `${words(gap.cause)}, ${duration(gap.seconds)}`,
          "data-soft": isBeforeLog(gap) ? "yes" : "no",
        });
        piece.style.setProperty("--from", `${((seconds(gap.from) - begin) / (end - begin)) * 100}%`);
        piece.style.setProperty("--length", `${(gap.seconds / (end - begin)) * 100}%`);
        return piece;
      });
      const said = `${percentDown(share)}, ${duration(observed)}${total === 0 ? "" : `, ${counted(total, "gap")}`}`;
      return element(
        "div",
        { class: "strip" },
        element("div", { class: "strip-head" }, element("strong", {}, mirroring), element("span", {}, said)),
        element("div", { class: "track", role: "img", "aria-label": `${mirroring} observed: ${said}` }, ...pieces),
      );
    },
  );
  const ends = element("div", { class: "ends" }, element("span", {}, minute(from)), element("span", {}, minute(to)));
  strips.at(-1)?.append(ends);
  place.replaceChildren(...strips);
}
