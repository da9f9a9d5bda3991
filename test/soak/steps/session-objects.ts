// Things that live as long as the session: temporary tables, channels, locks, cursors, statements prepared by SQL.

import { query } from "../../helpers/messages.ts";
import { extended } from "./extended-request.ts";
import type { Step } from "./step.ts";

export const SESSION_OBJECT_STEPS: readonly Step[] = [
  {
    name: "listen",
    weight: 2,
    run: async (s) => {
      const channel = s.name("channel");
      await s.sql(`LISTEN ${channel}`);
      await s.sql(`NOTIFY ${channel}, 'news'`);
      await s.sql(`SELECT pg_notify('${channel}', 'more')`);
      await s.sql(s.random.pick([`UNLISTEN ${channel}`, "UNLISTEN *"]));
    },
  },
  {
    name: "temporary_table",
    weight: 3,
    run: async (s) => {
      const table = s.name("scratch");
      await s.sql(`CREATE TEMP TABLE ${table} (id int)`);
      await s.sql(`INSERT INTO ${table} VALUES (1), (2)`);
      await s.ok(...extended(`SELECT count(*) FROM ${table}`));
      await s.sql(`DROP TABLE ${table}`);
    },
  },
  {
    name: "temporary_table_again",
    weight: 2,
    run: async (s) => {
      await s.sql("CREATE TEMP TABLE again (id int)");
      await s.sql("SELECT count(*) FROM again");
      await s.sql("DROP TABLE again");
    },
  },
  {
    name: "temporary_table_changed",
    weight: 1,
    run: async (s) => {
      const table = s.name("growing");
      await s.sql(`CREATE TEMP TABLE ${table} (id int)`);
      await s.sql(`ALTER TABLE ${table} ADD note text`);
      await s.sql(`INSERT INTO ${table} (note) VALUES ('new column')`);
      await s.sql("DISCARD TEMP");
    },
  },
  {
    name: "temporary_table_in_transaction",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("CREATE TEMP TABLE passing (id int) ON COMMIT DROP");
      await s.sql("INSERT INTO passing VALUES (1)");
      await s.sql("SELECT * FROM passing");
      await s.sql("COMMIT");
    },
  },
  {
    name: "temporary_table_rolled_back",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("CREATE TEMP TABLE undone (id int)");
      await s.sql("INSERT INTO undone VALUES (1)");
      await s.sql("ROLLBACK");
      await s.fails("42P01", query("SELECT * FROM undone"));
    },
  },
  {
    name: "prepared_by_sql",
    weight: 2,
    run: async (s) => {
      const name = s.name("plan");
      await s.sql(`PREPARE ${name} (int) AS SELECT balance FROM ledger WHERE owner = $1`);
      await s.sql(`EXECUTE ${name}(${s.owner})`);
      await s.ok(...extended(`EXECUTE ${name}(${s.owner})`));
      await s.sql(`DEALLOCATE ${name}`);
      await s.fails("26000", query(`EXECUTE ${name}(1)`));
    },
  },
  {
    name: "prepared_by_sql_rolled_back",
    weight: 1,
    run: async (s) => {
      const name = s.name("kept");
      await s.sql("BEGIN");
      await s.sql(`PREPARE ${name} AS SELECT 1`);
      await s.sql("ROLLBACK");
      await s.sql(`EXECUTE ${name}`);
      await s.sql(`DEALLOCATE ${name}`);
    },
  },
  {
    name: "cursor",
    weight: 2,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql("DECLARE walk CURSOR FOR SELECT generate_series(1, 5)");
      await s.sql("FETCH 2 FROM walk");
      await s.sql("MOVE 1 IN walk");
      await s.ok(...extended("FETCH ALL FROM walk"));
      await s.sql("CLOSE walk");
      await s.sql("COMMIT");
    },
  },
  {
    name: "held_cursor",
    weight: 1,
    run: async (s) => {
      await s.sql("DECLARE held CURSOR WITH HOLD FOR SELECT generate_series(1, 5)");
      await s.sql("FETCH 2 FROM held");
      await s.sql("FETCH ALL FROM held");
      await s.sql("CLOSE held");
    },
  },
  {
    name: "advisory_lock",
    weight: 2,
    run: async (s) => {
      await s.sql(`SELECT pg_advisory_lock(${s.owner})`);
      await s.sql(`SELECT pg_try_advisory_lock(${s.owner})`);
      await s.sql(`SELECT pg_advisory_unlock(${s.owner})`);
      await s.sql(s.random.pick(["SELECT pg_advisory_unlock_all()", `SELECT pg_advisory_unlock(${s.owner})`]));
    },
  },
];
