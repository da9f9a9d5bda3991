// Transactions that begin and end where one does not look for it.

import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";
import type { SoakSession } from "../soak-session.ts";
import { extended } from "./extended-request.ts";
import type { Step } from "./step.ts";

const add = (s: SoakSession): string => `UPDATE ledger SET balance = balance + 1 WHERE owner = ${s.owner} AND slot = 1`;
const note = (s: SoakSession): string => `INSERT INTO journal VALUES (${s.owner}, 'in a transaction')`;

export const ODD_TRANSACTION_STEPS: readonly Step[] = [
  {
    name: "chain",
    weight: 3,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql(note(s));
      await s.sql(s.random.pick(["COMMIT AND CHAIN", "ROLLBACK AND CHAIN"]));
      await s.sql(add(s));
      await s.fails("22012", query("SELECT 1/0"));
      await s.sql("ROLLBACK AND CHAIN");
      await s.sql(add(s));
      await s.sql("COMMIT");
      await s.fails("25P01", query("COMMIT AND CHAIN"));
    },
  },
  {
    name: "needless",
    weight: 2,
    run: async (s) => {
      await s.sql("COMMIT");
      await s.sql("ROLLBACK");
      await s.sql("BEGIN");
      await s.sql("BEGIN");
      await s.sql("COMMIT");
      await s.ok(...extended("COMMIT"));
    },
  },
  {
    name: "half_open",
    weight: 2,
    run: async (s) => {
      await s.sql(`${note(s)}; BEGIN; ${add(s)}`);
      await s.sql("SELECT 1");
      await s.sql(`${add(s)}; COMMIT; ${note(s)}`);
      await s.sql("BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2");
      await s.sql("ROLLBACK");
      await s.sql(`SELECT 1; ${note(s)}; ROLLBACK; SELECT 2`);
    },
  },
  {
    name: "begin_by_name",
    weight: 2,
    run: async (s) => {
      const [begin, commit] = [s.name("begin"), s.name("commit")];
      await s.ok(parse(begin, "BEGIN"), parse(commit, "COMMIT"), sync());
      await s.ok(bind("", begin), execute(""), sync());
      await s.sql(add(s));
      await s.ok(bind("", commit), execute(""), sync());
      await s.sql(`DEALLOCATE ${begin}`);
      await s.sql(`DEALLOCATE ${commit}`);
    },
  },
  {
    name: "outside_only",
    weight: 1,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.fails("25001", query("VACUUM"));
      await s.sql("ROLLBACK");
      await s.fails("25001", query("SELECT 1; VACUUM"));
    },
  },
  {
    name: "two_phase",
    weight: 1,
    run: async (s) => {
      const gid = s.name("gid");
      await s.sql("BEGIN");
      await s.sql(note(s));
      await s.sql(`PREPARE TRANSACTION '${gid}'`);
      await s.sql(`${s.random.pick(["COMMIT", "ROLLBACK"])} PREPARED '${gid}'`);
    },
  },
];
