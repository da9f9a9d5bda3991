// The extended protocol: unnamed and named statements that live on between the steps of a session, and every way to be
// rid of them.

import { bind, close, describe, execute, flush, parse, query, sync } from "../../helpers/messages.ts";
import type { SoakSession } from "../soak-session.ts";
import type { Step } from "./step.ts";

const NAMES = ["s1", "s2", "s3", "S_4"];
const TEXTS = [
  "SELECT $1::int AS one",
  "SELECT balance FROM ledger WHERE owner = $1::int ORDER BY slot",
  "UPDATE ledger SET note = 'x' || ($1::int % 7) WHERE owner = $1 RETURNING slot",
  "SELECT $1::int, generate_series(1, 3)",
];

/** A statement that the session has prepared, prepared now if there was none. */
async function known(s: SoakSession): Promise<string> {
  if (s.prepared.size > 0 && s.random.chance(0.9)) return s.random.pick([...s.prepared.keys()]);
  const name = s.random.pick(NAMES.filter((candidate) => !s.prepared.has(candidate)));
  if (name === undefined) return s.random.pick([...s.prepared.keys()]);
  const text = s.random.pick(TEXTS);
  await s.ok(parse(name, text), ...(s.random.chance(0.5) ? [describe("S", name)] : []), sync());
  s.prepared.set(name, text);
  return name;
}

/** Gives one name back to the session, if there is any. */
const forget = async (s: SoakSession, how: (name: string) => Promise<unknown>): Promise<void> => {
  const name = await known(s);
  await how(name);
  s.prepared.delete(name);
};

const run = (name: string, s: SoakSession): Buffer[] => [bind("", name, [String(s.owner)]), execute("")];

const failing = [parse("", "SELECT 1/0"), bind("", ""), execute("")];

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
