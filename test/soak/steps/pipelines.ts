// Requests that are sent before the answers to earlier ones have come.

import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";
import type { Step } from "./step.ts";

const run = (sql: string): Buffer[] => [parse("", sql), bind("", ""), execute("")];

const repeated = (messages: readonly Buffer[], times: number): Buffer[] =>
  Array.from({ length: times }, () => messages).flat();

export const PIPELINE_STEPS: readonly Step[] = [
  {
    name: "pipeline",
    weight: 3,
    run: async (s) => {
      const requests = 2 + s.random.int(14);
      const one = [...run(`SELECT ${s.owner}`), sync()];
      await s.pipeline(Array(requests).fill(""), ...repeated(one, requests));
    },
  },
  {
    name: "pipeline_of_queries",
    weight: 2,
    run: async (s) => {
      const note = query(`INSERT INTO journal VALUES (${s.owner}, 'piped')`);
      await s.pipeline(["", "", "22012", ""], note, query("SELECT 1"), query("SELECT 1/0"), note);
    },
  },
  {
    name: "pipeline_with_errors",
    weight: 3,
    run: async (s) => {
      const note = `INSERT INTO journal VALUES (${s.owner}, 'piped')`;
      await s.pipeline(
        ["", "22012", "", "42P01", ""],
        ...run(note),
        sync(),
        ...run(note),
        ...run("SELECT 1/0"),
        ...run(note),
        sync(),
        ...run(note),
        sync(),
        ...run("SELECT * FROM nowhere"),
        ...run(note),
        sync(),
        ...run("SELECT 1"),
        sync(),
      );
    },
  },
  {
    name: "pipelined_transaction",
    weight: 3,
    run: async (s) => {
      const add = `UPDATE ledger SET balance = balance + 1 WHERE owner = ${s.owner}`;
      await s.pipeline(["", "", ""], ...run("BEGIN"), sync(), ...run(add), sync(), ...run("COMMIT"), sync());
      await s.ok(...run("BEGIN"), ...run(add), ...run("COMMIT"), sync());
      await s.pipeline(["", "", "", ""], query("BEGIN"), query(add), query("COMMIT"), query("SELECT 1"));
      await s.pipeline(
        ["", "22012", "25P02", "", ""],
        query("BEGIN"),
        query("SELECT 1/0"),
        query(add),
        query("COMMIT"),
        query("SELECT 1"),
      );
    },
  },
  {
    name: "pipelined_transactions",
    weight: 2,
    run: async (s) => {
      const one = [query("BEGIN"), query(`INSERT INTO journal VALUES (${s.owner}, 'many')`), query("COMMIT")];
      await s.pipeline(Array(15).fill(""), ...repeated(one, 5));
    },
  },
  {
    name: "pipelined_names",
    weight: 2,
    run: async (s) => {
      const name = s.name("piped");
      const use = [bind("", name), execute("")];
      await s.pipeline(["", "", ""], parse(name, "SELECT 7"), sync(), ...use, sync(), ...use, sync());
      await s.pipeline(["", "", "26000"], ...use, sync(), query(`DEALLOCATE ${name}`), ...use, sync());
    },
  },
  {
    name: "mixed_pipeline",
    weight: 2,
    run: async (s) => {
      await s.pipeline(
        ["", "", "", "", "", ""],
        query("BEGIN"),
        ...run(`INSERT INTO journal VALUES (${s.owner}, 'mixed')`),
        sync(),
        query("SAVEPOINT a; SELECT 1; ROLLBACK TO a"),
        ...run("COMMIT"),
        sync(),
        query(""),
        sync(),
      );
    },
  },
];
