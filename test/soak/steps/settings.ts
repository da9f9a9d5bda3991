// What a session changes about itself, and what then depends on it.

import { query } from "../../helpers/messages.ts";
import { extended } from "./extended-request.ts";
import type { Step } from "./step.ts";

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
