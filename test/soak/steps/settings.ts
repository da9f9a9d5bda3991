// What a session changes about itself, and what then depends on it.

import { bind, close, describe, execute, parse, query, sync } from "../../helpers/messages.ts";
import type { Step } from "./step.ts";

const extended = (sql: string): Buffer[] => [parse("", sql), bind("", ""), execute(""), sync()];

export const SETTING_STEPS: readonly Step[] = [
  {
    name: "set",
    weight: 3,
    run: async (s) => {
      await s.sql("SET work_mem = '5MB'");
      await s.sql("SELECT 1 / (current_setting('work_mem') = '5MB')::int");
      await s.ok(...extended("SET work_mem = '6MB'"));
      await s.sql("SELECT 1 / (current_setting('work_mem') = '6MB')::int");
      await s.sql(s.random.pick(["RESET work_mem", "SET work_mem TO DEFAULT", "RESET ALL"]));
      await s.sql("SELECT 1 / (current_setting('work_mem') <> '6MB')::int");
    },
  },
  {
    name: "search_path",
    weight: 3,
    run: async (s) => {
      await s.sql("SET search_path = aside");
      await s.sql("SELECT id FROM shelf");
      await s.ok(...extended("SELECT double(4)"));
      await s.sql("SET search_path = public");
      await s.fails("42P01", query("SELECT id FROM shelf"));
      await s.sql("SELECT set_config('search_path', 'aside, public', false)");
      await s.sql("SELECT id FROM shelf");
      await s.sql("RESET search_path");
    },
  },
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
    name: "role",
    weight: 1,
    run: async (s) => {
      await s.sql("SET ROLE soak_role");
      await s.sql(`SELECT count(*) FROM ledger WHERE owner = ${s.owner}`);
      await s.fails("42501", query("SELECT * FROM aside.shelf"));
      await s.sql("RESET ROLE");
      await s.sql("SET SESSION AUTHORIZATION soak_role");
      await s.fails("42501", query("SELECT * FROM aside.shelf"));
      await s.sql("RESET SESSION AUTHORIZATION");
    },
  },
  {
    name: "read_only",
    weight: 1,
    run: async (s) => {
      await s.sql("SET default_transaction_read_only = on");
      await s.fails("25006", query(`INSERT INTO journal VALUES (${s.owner}, 'no')`));
      await s.sql("SET default_transaction_read_only = off");
      await s.sql(`INSERT INTO journal VALUES (${s.owner}, 'yes')`);
    },
  },
  {
    name: "backslashes",
    weight: 1,
    run: async (s) => {
      await s.sql("SET standard_conforming_strings = off");
      await s.sql(String.raw`SELECT 'it\'s'`);
      await s.sql("SET standard_conforming_strings = on");
      await s.sql(String.raw`SELECT 'a\'`);
    },
  },
  {
    name: "statement_timeout",
    weight: 1,
    run: async (s) => {
      await s.sql("SET statement_timeout = '20ms'");
      await s.fails("57014", query("SELECT pg_sleep(5)"));
      await s.sql("SET statement_timeout = 0");
    },
  },
  {
    name: "encoding",
    weight: 1,
    run: async (s) => {
      await s.sql("SET client_encoding = 'LATIN1'");
      await s.sql("SELECT 1");
      await s.sql("SET client_encoding = 'UTF8'");
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
  {
    name: "startup_options",
    weight: 2,
    run: async (s) => {
      await s.sql("SELECT 1 / (current_setting('soak.started') = 'yes')::int");
      await s.sql("SET soak.started = 'changed'");
      await s.sql("RESET soak.started");
      await s.sql("SELECT 1 / (current_setting('soak.started') = 'yes')::int");
      await s.sql("SHOW application_name");
    },
  },
];
