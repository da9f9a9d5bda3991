// A client that changes its mind.

import { query } from "../../helpers/messages.ts";
import type { SoakSession } from "../soak-session.ts";
import type { Step } from "./step.ts";

/** Cancels a request that is under way: one that has not begun yet would not be found. */
async function cancelled(s: SoakSession): Promise<void> {
  s.send(query("DO $$ BEGIN RAISE NOTICE 'begun'; PERFORM pg_sleep(20); END $$"));
  await s.until("N");
  await Promise.all([s.cancel(), s.closes("57014")]);
}

export const CANCEL_STEPS: readonly Step[] = [
  {
    name: "cancel",
    weight: 1,
    run: async (s) => {
      await cancelled(s);
      await s.sql("SELECT 1");
    },
  },
  {
    name: "cancel_in_transaction",
    weight: 1,
    run: async (s) => {
      await s.sql("BEGIN");
      await s.sql(`INSERT INTO journal VALUES (${s.owner}, 'cancelled')`);
      await cancelled(s);
      await s.fails("25P02", query("SELECT 1"));
      await s.sql("ROLLBACK");
      await s.sql("SELECT 1");
    },
  },
  {
    name: "cancel_while_idle",
    weight: 1,
    run: async (s) => {
      await s.cancel();
      await s.sql("SELECT 1");
    },
  },
];
