// The extended protocol: unnamed and named statements that live on between the steps of a session, and every way to be
// rid of them.

import { bind, close, describe, execute, flush, parse, sync } from "../../helpers/messages.ts";
import { forget, known, run, TEXTS } from "./prepared-names.ts";
import type { Step } from "./step.ts";

export const EXTENDED_STEPS: readonly Step[] = [
  {
    name: "unnamed",
    weight: 6,
    run: async (s) => {
      await s.ok(parse("", "SELECT $1::int + 1"), bind("", "", ["4"]), describe("P", ""), execute(""), sync());
      await s.ok(parse("", s.random.pick(TEXTS)), ...run("", s), sync());
      await s.ok(parse("", "SELECT $1::int"), sync());
      await s.ok(...run("", s), sync());
      await s.ok(...run("", s), ...run("", s), sync());
    },
  },
  {
    name: "named",
    weight: 8,
    run: async (s) => {
      for (let times = 1 + s.random.int(3); times > 0; times--) await s.ok(...run(await known(s), s), sync());
    },
  },
  {
    name: "describe_named",
    weight: 2,
    run: async (s) => void (await s.ok(describe("S", await known(s)), sync())),
  },
  {
    name: "close_named",
    weight: 2,
    run: (s) => forget(s, (name) => s.ok(close("S", name), sync())),
  },
  {
    name: "deallocate_simple",
    weight: 2,
    run: (s) => forget(s, (name) => s.sql(`DEALLOCATE "${name}"`)),
  },
  {
    name: "deallocate_extended",
    weight: 2,
    run: (s) => forget(s, (name) => s.ok(parse("", `DEALLOCATE "${name}"`), bind("", ""), execute(""), sync())),
  },
  {
    name: "close_and_parse_anew",
    weight: 2,
    run: async (s) => {
      const name = await known(s);
      const text = s.random.pick(TEXTS);
      await s.ok(close("S", name), parse(name, text), ...run(name, s), sync());
      s.prepared.set(name, text);
    },
  },
  {
    name: "execute_by_sql",
    weight: 2,
    run: async (s) => void (await s.sql(`EXECUTE "${await known(s)}"(${s.owner})`)),
  },
  {
    name: "bind_what_sql_prepared",
    weight: 2,
    run: async (s) => {
      const name = s.name("by_sql");
      await s.sql(`PREPARE ${name} (int) AS SELECT $1 + 1`);
      await s.ok(...run(name, s), sync());
      await s.sql(`EXECUTE ${name}(1)`);
      await s.ok(close("S", name), sync());
    },
  },
  {
    name: "forget_all",
    weight: 1,
    run: async (s) => {
      await s.sql(s.random.pick(["DEALLOCATE ALL", "DEALLOCATE PREPARE ALL", "DISCARD ALL"]));
      s.prepared.clear();
    },
  },
  {
    name: "forget_all_extended",
    weight: 1,
    run: async (s) => {
      await s.ok(parse("", "DEALLOCATE ALL"), bind("", ""), execute(""), sync());
      s.prepared.clear();
    },
  },
  {
    name: "flush",
    weight: 3,
    run: async (s) => {
      s.send(parse("", "SELECT $1::int"), describe("S", ""), flush());
      await s.until("T");
      s.send(bind("", "", ["1"]), execute(""), flush());
      await s.until("C");
      await s.ok(sync());
      s.send(...run(await known(s), s), flush());
      await s.until("C");
      await s.ok(...run(await known(s), s), sync());
    },
  },
  {
    name: "nothing_but_sync",
    weight: 1,
    run: async (s) => {
      await s.ok(sync());
      await s.pipeline(["", "", ""], sync(), sync(), sync());
    },
  },
  {
    name: "huge_statement",
    weight: 0.3,
    run: async (s) => {
      const name = s.name("huge");
      await s.ok(parse(name, `SELECT length('${"h".repeat(1_200_000)}')`), sync());
      await s.ok(bind("", name), execute(""), sync());
      await s.ok(bind("", name), execute(""), sync());
      await s.ok(close("S", name), sync());
    },
  },
  {
    name: "copy_by_name",
    weight: 1,
    run: async (s) => {
      const name = s.name("copy");
      await s.ok(parse(name, "COPY (SELECT generate_series(1, 3)) TO STDOUT"), sync());
      await s.ok(bind("", name), execute(""), sync());
      await s.sql(`DEALLOCATE ${name}`);
    },
  },
  {
    name: "flush_behind_an_error",
    weight: 1,
    run: async (s) => {
      s.send(parse("", "SELEC 1"), flush());
      await s.until("E");
      s.send(parse("", "SELECT 1"), bind("", ""), flush());
      await s.fails("", sync());
    },
  },
];
