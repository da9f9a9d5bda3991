// Says how the two sides' answers to one request compare: its parity.

import type { Compare } from "../../config/config.ts";
import type { Parity } from "../../events/event.ts";
import type { Result } from "./result.ts";

/**
 * Both results are answered ones. `volatile`: the statement's rows may differ by nature (now(), random(), nextval …), so
 * comparing contents says nothing about them.
 */
export function parityOf(primary: Result, mirror: Result, compare: Compare, volatile: boolean): Parity {
  if (primary.failed && mirror.failed) return primary.sqlstate === mirror.sqlstate ? "both_failed" : "different_error";
  if (mirror.failed) return "mirror_failed";
  if (primary.failed) return "primary_failed";
  if (compare === "off" || (compare === "content" && volatile)) return "unverifiable";
  if (primary.tags !== mirror.tags) return "different_rows";
  if (primary.digest === null || mirror.digest === null) return "match";
  return primary.digest.equals(mirror.digest) ? "match" : "different_content";
}
