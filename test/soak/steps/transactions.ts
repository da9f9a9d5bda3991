// Transaction blocks: done, failed, rolled back, chained, with savepoints, opened and ended in unusual places.

import { query } from "../../helpers/messages.ts";
import type { SoakSession } from "../soak-session.ts";
import { extended } from "./extended-request.ts";
import type { Step } from "./step.ts";

const add = (s: SoakSession): string => `UPDATE ledger SET balance = balance + 1 WHERE owner = ${s.owner} AND slot = 1`;
const note = (s: SoakSession): string => `INSERT INTO journal VALUES (${s.owner}, 'in a transaction')`;

export const TRANSACTION_STEPS: readonly Step[] = [
  {
    name: "commit",
    weight: 6,
    run: async (s) => {
      await s.sql(s.random.pick(["BEGIN", "START TRANSACTION", "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"]));
      await s.sql(add(s));
      for (let more = s.random.int(4); more > 0; more--) await s.sql(note(s));
      await s.sql(s.random.pick(["COMMIT", "END", "COMMIT WORK"]));
    },
  },
  {
    name: "extended_commit",
    weight: 3,
    run: async (s) => {
      await s.ok(...extended("BEGIN"));
      await s.ok(...extended(add(s)));
      await s.ok(...extended("COMMIT"));
    },
  },
  {
    name: "rollback",
    weight: 3,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql(note(s));
      await s.sql("CREATE TABLE for_a_moment (id int)");
      await s.sql("INSERT INTO for_a_moment VALUES (1)");
      await s.sql(s.random.pick(["ROLLBACK", "ABORT"]));
    },
  },
  {
    name: "failed",
    weight: 4,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql(note(s));
      await s.fails("22012", query("SELECT 1/0"));
      await s.fails("25P02", query(note(s)));
      await s.fails("25P02", ...extended("SELECT 1"));
      await s.sql(s.random.pick(["ROLLBACK", "COMMIT", "END"]));
    },
  },
  {
    name: "savepoints",
    weight: 3,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("SAVEPOINT one");
      await s.sql(note(s));
      await s.fails("42P01", query("SELECT * FROM nowhere"));
      await s.fails("25P02", query("SAVEPOINT two"));
      await s.sql("ROLLBACK TO one");
      await s.sql("SAVEPOINT two");
      await s.sql(add(s));
      await s.sql("RELEASE SAVEPOINT two");
      await s.fails("3B001", query("ROLLBACK TO SAVEPOINT two"));
      await s.sql("ROLLBACK TO SAVEPOINT one");
      await s.sql("COMMIT");
    },
  },
  {
    name: "schema_change",
    weight: 2,
    run: async (s) => {
      const table = s.name("made");
      await s.sql("BEGIN");
      await s.sql(`CREATE TABLE ${table} (id int PRIMARY KEY)`);
      await s.sql(`INSERT INTO ${table} SELECT generate_series(1, 5)`);
      await s.sql(`ALTER TABLE ${table} ADD note text`);
      await s.ok(...extended(`SELECT * FROM ${table}`));
      await s.sql(`DROP TABLE ${table}`);
      await s.sql("COMMIT");
    },
  },
  {
    name: "shared_row",
    weight: 1,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("UPDATE shared SET n = n + 1 WHERE id = 1");
      await s.sql("COMMIT");
      await s.sql("UPDATE shared SET n = n + 1 WHERE id = 1");
    },
  },
];
