// Requests of the simple protocol.

import { functionCall, query } from "../../helpers/messages.ts";
import { SLOTS } from "../soak-schema.ts";
import type { Step } from "./step.ts";

/** abs(integer) in every PostgreSQL. */
const ABS_OID = 1397;

export const SIMPLE_STEPS: readonly Step[] = [
  {
    name: "select",
    weight: 8,
    run: async (s) => {
      await s.sql(`SELECT ${s.random.int(1000)}`);
      await s.sql(`SELECT slot, balance FROM ledger WHERE owner = ${s.owner} ORDER BY slot`);
    },
  },
  {
    name: "write",
    weight: 6,
    run: async (s) => {
      const slot = 1 + s.random.int(SLOTS);
      await s.sql(
        `UPDATE ledger SET balance = balance + ${s.random.int(9)} WHERE owner = ${s.owner} AND slot = ${slot}`,
      );
      await s.sql(`INSERT INTO journal VALUES (${s.owner}, 'written')`);
    },
  },
  {
    name: "several_statements",
    weight: 3,
    run: async (s) => {
      await s.sql("SELECT 1; SELECT 2, 3; VALUES (1), (2), (3)");
      await s.sql(
        `INSERT INTO journal VALUES (${s.owner}, 'a'); INSERT INTO journal VALUES (${s.owner}, 'b'), (${s.owner}, 'c')`,
      );
      await s.fails("22012", query(`INSERT INTO journal VALUES (${s.owner}, 'lost'); SELECT 1/0; SELECT 3`));
    },
  },
  {
    name: "empty",
    weight: 1,
    run: async (s) => {
      await s.sql("");
      await s.sql(";;");
      await s.sql("-- nothing but a comment");
      await s.sql("/* nothing */ ;");
    },
  },
  {
    name: "refused",
    weight: 4,
    run: async (s) => {
      await s.fails("42601", query("SELEC 1"));
      await s.fails("42601", query("SELECT 'never closed"));
      await s.fails("42P01", query("SELECT * FROM nowhere"));
      await s.fails("22012", query("SELECT 1/0"));
      await s.fails("22P02", query("SELECT 'x1'::int"));
      await s.fails("23505", query(`INSERT INTO ledger VALUES (${s.owner}, 1, 5, 'again')`));
      await s.fails("25P01", query("SAVEPOINT outside"));
      await s.fails("26000", query("EXECUTE never_prepared"));
    },
  },
  {
    name: "large",
    weight: 1,
    run: async (s) => {
      await s.sql(`SELECT length('${"x".repeat(100_000)}')`);
      await s.sql("SELECT repeat('y', 3000) FROM generate_series(1, 100)");
      await s.sql(`SELECT /* ${"z".repeat(70_000)} */ 1`);
    },
  },
  {
    name: "function_call",
    weight: 1,
    run: async (s) => {
      await s.ok(functionCall(ABS_OID, ["-5"]));
      await s.fails("42883", functionCall(1, []));
    },
  },
  {
    name: "blocks",
    weight: 1,
    run: async (s) => {
      await s.sql(`DO $$ BEGIN INSERT INTO journal VALUES (${s.owner}, 'block'); END $$`);
      await s.fails("P0001", query("DO $$ BEGIN RAISE EXCEPTION 'no'; END $$"));
      await s.sql("DO $$ BEGIN RAISE NOTICE 'noted'; END $$");
      await s.sql(`CALL twice(${s.owner})`);
    },
  },
];
