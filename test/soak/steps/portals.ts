// Portals: executed in parts, kept over several requests of a transaction, closed, used after their end.

import { bind, close, describe, execute, flush, parse, query, sync } from "../../helpers/messages.ts";
import type { Step } from "./step.ts";

const SERIES = "SELECT generate_series(1, 10)";

export const PORTAL_STEPS: readonly Step[] = [
  {
    name: "portal_in_parts",
    weight: 3,
    run: async (s) => {
      await s.ok(
        parse("", SERIES),
        bind("p", ""),
        describe("P", "p"),
        execute("p", 4),
        execute("p", 4),
        execute("p"),
        sync(),
      );
      s.send(parse("", SERIES), bind("", ""), execute("", 3), flush());
      await s.until("s");
      await s.ok(execute("", 100), sync());
    },
  },
  {
    name: "portal_over_requests",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.ok(parse("", SERIES), bind("kept", ""), execute("kept", 2), sync());
      await s.ok(parse("", "SELECT 1"), bind("", ""), execute(""), sync());
      await s.ok(execute("kept", 3), sync());
      await s.sql("FETCH 1 FROM kept");
      await s.ok(execute("kept"), close("P", "kept"), sync());
      await s.fails("34000", execute("kept"), sync());
      await s.sql("ROLLBACK");
    },
  },
  {
    name: "portal_after_its_end",
    weight: 1,
    run: async (s) => {
      await s.ok(parse("", SERIES), bind("gone", ""), execute("gone", 2), sync());
      await s.fails("34000", execute("gone"), sync());
      await s.fails("42P03", parse("", SERIES), bind("p", ""), bind("p", ""), sync());
      await s.fails("34000", describe("P", "p"), sync());
      await s.sql("SELECT 1");
    },
  },
  {
    name: "portal_of_cursor",
    weight: 1,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.ok(query("DECLARE both_ways CURSOR FOR SELECT generate_series(1, 4)"));
      await s.ok(execute("both_ways", 2), sync());
      await s.sql("FETCH 1 FROM both_ways");
      await s.sql("COMMIT");
    },
  },
];
