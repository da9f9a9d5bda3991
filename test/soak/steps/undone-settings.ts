// Settings that were made in a transaction, a savepoint or a request that did not end well, or by a statement with a name.

import { bind, close, describe, execute, parse, query, sync } from "../../helpers/messages.ts";
import type { Step } from "./step.ts";

export const UNDONE_SETTING_STEPS: readonly Step[] = [
  {
    name: "set_and_rollback",
    weight: 3,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("SET search_path = nowhere_at_all");
      await s.fails("42P01", query("SELECT count(*) FROM ledger"));
      await s.sql("ROLLBACK");
      await s.sql(`SELECT count(*) FROM ledger WHERE owner = ${s.owner}`);
    },
  },
  {
    name: "set_and_commit",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("SET search_path = aside");
      await s.sql("SET work_mem = '7MB'");
      await s.sql("COMMIT");
      await s.sql("SELECT id FROM shelf");
      await s.sql("RESET search_path");
      await s.sql("SELECT 1 / (current_setting('work_mem') = '7MB')::int");
      await s.sql("RESET work_mem");
    },
  },
  {
    name: "set_local",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("SET LOCAL search_path = aside");
      await s.sql("SELECT id FROM shelf");
      await s.sql("SET TRANSACTION READ ONLY");
      await s.fails("25006", query("INSERT INTO shelf VALUES (9)"));
      await s.sql("ROLLBACK");
    },
  },
  {
    name: "set_behind_savepoint",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("SAVEPOINT before");
      await s.sql("SET search_path = nowhere_at_all");
      await s.sql("ROLLBACK TO before");
      await s.sql("COMMIT");
      await s.sql(`SELECT count(*) FROM ledger WHERE owner = ${s.owner}`);
      await s.sql(`SELECT slot FROM ledger WHERE owner = ${s.owner}`);
    },
  },
  {
    name: "set_before_an_error",
    weight: 1,
    run: async (s) => {
      await s.fails("22012", query("BEGIN; SET search_path = aside; COMMIT; SELECT 1/0"));
      await s.sql("SELECT id FROM shelf");
      await s.fails("22012", query("SET search_path = nowhere_at_all; SELECT 1/0"));
      await s.sql("SELECT id FROM shelf");
      await s.sql("RESET search_path");
    },
  },
  {
    name: "set_by_name",
    weight: 1,
    run: async (s) => {
      const [set, reset] = [s.name("set"), s.name("reset")];
      await s.ok(parse(set, "SET search_path = aside"), parse(reset, "RESET search_path"), sync());
      await s.sql(`SELECT count(*) FROM ledger WHERE owner = ${s.owner}`);
      await s.ok(bind("", set), execute(""), sync());
      await s.sql("SELECT id FROM shelf");
      await s.ok(bind("", reset), execute(""), sync());
      await s.sql(`SELECT count(*) FROM ledger WHERE owner = ${s.owner}`);
      await s.sql(`DEALLOCATE ${set}`);
      await s.ok(close("S", reset), sync());
    },
  },
  {
    name: "discard_prepared_only",
    weight: 1,
    run: async (s) => {
      await s.sql("SET search_path = aside");
      await s.ok(parse("", "DISCARD ALL"), describe("S", ""), sync());
      await s.sql("SELECT id FROM shelf");
      await s.sql("SELECT id FROM shelf");
      await s.sql("RESET search_path");
    },
  },
];
