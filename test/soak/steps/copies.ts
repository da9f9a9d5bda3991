// COPY in both directions and both protocols, ended in every way.

import { copyData, copyDone, copyFail, query, sync } from "../../helpers/messages.ts";
import type { SoakSession } from "../soak-session.ts";
import { extended } from "./extended-request.ts";
import type { Step } from "./step.ts";

const FROM_STDIN = "COPY copied FROM STDIN";
const line = (s: SoakSession): Buffer => copyData(Buffer.from(`${s.owner}\tline\n`));

/** Starts a COPY FROM STDIN and waits until the server asks for data. */
async function begin(s: SoakSession, ...messages: readonly Buffer[]): Promise<void> {
  s.send(...messages);
  await s.until("G");
}

export const COPY_STEPS: readonly Step[] = [
  {
    name: "copy_in",
    weight: 3,
    run: async (s) => {
      await begin(s, query(FROM_STDIN));
      for (let lines = s.random.int(20); lines > 0; lines--) s.send(line(s));
      await s.ok(copyDone());
    },
  },
  {
    name: "copy_in_extended",
    weight: 2,
    run: async (s) => {
      await begin(s, ...extended(FROM_STDIN));
      await s.ok(line(s), line(s), copyDone(), sync());
      await s.sql("SELECT 1");
    },
  },
  {
    name: "copy_in_at_once",
    weight: 2,
    run: async (s) => {
      await s.pipeline(["", ""], query(FROM_STDIN), line(s), copyDone(), query("SELECT 1"));
    },
  },
  {
    name: "copy_refused_at_once",
    weight: 1,
    run: async (s) => {
      const refused = query("COPY nowhere FROM STDIN");
      await s.pipeline(["42P01", ""], refused, line(s), copyDone(), query("SELECT 1"));
      await s.pipeline(["42P01", ""], refused, line(s), copyFail("no"), query("SELECT 1"));
    },
  },
  {
    name: "copy_in_large",
    weight: 1,
    run: async (s) => {
      await begin(s, query(FROM_STDIN));
      const rows = Buffer.from(`${s.owner}\t${"l".repeat(1000)}\n`.repeat(60));
      for (let frames = 0; frames < 10; frames++) s.send(copyData(rows));
      await s.ok(copyDone());
    },
  },
  {
    name: "copy_fail",
    weight: 2,
    run: async (s) => {
      await begin(s, query(FROM_STDIN));
      await s.fails("57014", line(s), copyFail("changed my mind"));
      await begin(s, ...extended(FROM_STDIN));
      await s.fails("57014", line(s), copyFail("again"), sync());
      await s.sql("SELECT 1");
    },
  },
  {
    name: "copy_refused",
    weight: 2,
    run: async (s) => {
      await begin(s, query(FROM_STDIN));
      await s.fails("22P02", copyData(Buffer.from("no number\tline\n")), line(s), copyDone());
      await begin(s, query(FROM_STDIN));
      await s.fails("22P04", copyData(Buffer.from(`${s.owner}\n`)), copyDone());
      await s.fails("42P01", query("COPY nowhere FROM STDIN"));
      await s.fails("42P01", ...extended("COPY nowhere FROM STDIN"));
      await s.sql("SELECT 1");
    },
  },
  {
    name: "copy_refused_while_sending",
    weight: 1,
    run: async (s) => {
      await begin(s, ...extended(FROM_STDIN));
      await s.fails("22P02", copyData(Buffer.from("no number\tline\n")), line(s), copyDone(), sync());
      await s.sql("SELECT 1");
    },
  },
  {
    name: "copy_in_transaction",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await begin(s, query(FROM_STDIN));
      await s.ok(line(s), copyDone());
      await s.sql("SAVEPOINT one");
      await begin(s, query(FROM_STDIN));
      await s.fails("57014", copyFail("no"));
      await s.sql("ROLLBACK TO one");
      await s.sql("COMMIT");
    },
  },
  {
    name: "copy_among_statements",
    weight: 1,
    run: async (s) => {
      await begin(s, query(`SELECT 1; ${FROM_STDIN}; SELECT 2`));
      await s.ok(line(s), copyDone());
      await begin(s, query(`${FROM_STDIN}; ${FROM_STDIN}`));
      await begin(s, line(s), copyDone());
      await s.ok(line(s), copyDone());
    },
  },
  {
    name: "copy_out",
    weight: 3,
    run: async (s) => {
      await s.sql("COPY (SELECT generate_series(1, 50)) TO STDOUT");
      await s.ok(
        ...extended("COPY (SELECT repeat('o', 2000) FROM generate_series(1, 50)) TO STDOUT WITH (FORMAT csv)"),
      );
      await s.sql(`COPY (SELECT slot, balance FROM ledger WHERE owner = ${s.owner} ORDER BY slot) TO STDOUT`);
      await s.fails("22012", query("COPY (SELECT 1 / (3 - n) FROM generate_series(1, 5) AS n) TO STDOUT"));
    },
  },
];
