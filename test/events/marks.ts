// Events that need nothing around them.

import type { NewEvent } from "../../src/events/event.ts";

/** `count` notes, distinct. */
export const marks = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => ({ kind: "marked", at: index, text: `${index}`, who: "a test" }));
