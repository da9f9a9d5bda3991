// Whether the books balance. When they don't, pgsoak has miscounted, and nothing that it says about the mirror can be
// relied on.

import { type Criterion, EVERYWHERE, placeOf } from "./criterion.ts";
import { grouped } from "./wording.ts";

export const accounting: Criterion = {
  name: "accounting",
  setting: null,
  group: null,
  judge: ({ lanes }) => {
    const broken = lanes.filter(({ residue }) => residue !== 0);
    if (broken.length === 0) {
      const detail = "Every request is accounted for";
      return [{ status: "pass", actual: 0, threshold: 0, badness: 0, detail, ...EVERYWHERE }];
    }
    return broken.map((lane) => {
      const actual = Math.abs(lane.residue);
      const detail = `${grouped(actual)} requests are unaccounted for: the counts cannot be relied on`;
      return { status: "insufficient", actual, threshold: 0, badness: actual, detail, ...placeOf(lane) };
    });
  },
  absent: { status: "pass", detail: "Every request is accounted for" },
};
