// Names of prepared statements where it isn't plain what they mean: refused, skipped behind an error, in a transaction
// that is rolled back.

import { bind, close, execute, parse, query, sync } from "../../helpers/messages.ts";
import { known, run } from "./prepared-names.ts";
import type { Step } from "./step.ts";

const failing = [parse("", "SELECT 1/0"), bind("", ""), execute("")];

export const REFUSED_NAME_STEPS: readonly Step[] = [
  {
    name: "parse_twice",
    weight: 2,
    run: async (s) => {
      await s.fails("42P05", parse(await known(s), "SELECT 1"), sync());
      await s.fails("42P05", parse(await known(s), "SELECT 2"), bind("", "s1"), execute(""), sync());
    },
  },
  {
    name: "parse_refused",
    weight: 2,
    run: async (s) => {
      const name = s.name("bad");
      await s.fails("42601", parse(name, "SELEC 1"), bind("", name), execute(""), sync());
      await s.fails("26000", bind("", name), execute(""), sync());
      await s.fails("42P01", parse(name, "SELECT * FROM nowhere"), sync());
      await s.ok(parse(name, "SELECT 1"), sync());
      await s.ok(bind("", name), execute(""), sync());
      await s.ok(close("S", name), close("S", "never_known"), sync());
    },
  },
  {
    name: "bind_refused",
    weight: 2,
    run: async (s) => {
      const name = await known(s);
      await s.fails("22P02", bind("", name, ["no number"]), execute(""), sync());
      await s.fails("08P01", bind("", name, []), execute(""), sync());
      await s.fails("34000", execute("no_portal"), sync());
      await s.fails("26000", bind("", "no_statement"), sync());
      await s.ok(...run(name, s), sync());
    },
  },
  {
    name: "unnamed_gone_after_query",
    weight: 1,
    run: async (s) => {
      await s.ok(parse("", "SELECT 1"), sync());
      await s.ok(query("SELECT 2"));
      await s.fails("26000", bind("", ""), execute(""), sync());
    },
  },
  {
    name: "close_behind_an_error",
    weight: 2,
    run: async (s) => {
      const name = await known(s);
      await s.fails("22012", ...failing, close("S", name), parse(name, "SELECT 1"), sync());
      await s.ok(...run(name, s), sync());
      await s.fails("22012", query(`SELECT 1/0; DEALLOCATE "${name}"`));
      await s.ok(...run(name, s), sync());
    },
  },
  {
    name: "parse_behind_an_error",
    weight: 1,
    run: async (s) => {
      const name = s.name("skipped");
      await s.fails("22012", ...failing, parse(name, "SELECT 1"), sync());
      await s.fails("26000", bind("", name), sync());
      await s.fails("22012", parse(name, "SELECT 2"), ...failing, sync());
      await s.ok(bind("", name), execute(""), sync());
      await s.ok(close("S", name), sync());
    },
  },
  {
    name: "discard_refused",
    weight: 1,
    run: async (s) => {
      const name = await known(s);
      await s.sql("BEGIN");
      await s.fails("25001", query("DISCARD ALL"));
      await s.fails("25P02", query("DEALLOCATE ALL"));
      await s.fails("25P02", query(`DEALLOCATE "${name}"`));
      await s.sql("ROLLBACK");
      await s.ok(...run(name, s), sync());
      await s.ok(...run(name, s), sync());
    },
  },
  {
    name: "parse_in_rolled_back",
    weight: 2,
    run: async (s) => {
      const name = s.name("survives");
      await s.sql("BEGIN");
      await s.ok(parse(name, "SELECT 1"), sync());
      await s.fails("42P01", query("SELECT * FROM nowhere"));
      await s.fails("25P02", parse(`${name}_not`, "SELECT 2"), sync());
      await s.sql("ROLLBACK");
      await s.ok(bind("", name), execute(""), sync());
      await s.fails("26000", bind("", `${name}_not`), sync());
      await s.ok(close("S", name), sync());
    },
  },
  {
    name: "deallocated_in_rolled_back",
    weight: 1,
    run: async (s) => {
      const name = s.name("gone");
      await s.ok(parse(name, "SELECT 1"), sync());
      await s.sql("BEGIN");
      await s.sql(`DEALLOCATE ${name}`);
      await s.sql("ROLLBACK");
      await s.fails("26000", bind("", name), sync());
      await s.ok(parse(name, "SELECT 2"), sync());
      await s.sql(`DEALLOCATE ${name}`);
    },
  },
];
