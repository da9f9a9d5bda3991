// What an application does, in small: reads, prepared statements, transactions, a mistake that both servers refuse in
// the same words, and a monitoring query that PostgreSQL 17 broke.

import { setTimeout as sleep } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import { ACCOUNTS_PER_BRANCH, BANK_BRANCHES, BANK_DATABASE } from "./bank.ts";

/** How long a connection rests after each step. */
const REST_MS = 20;
/** One step in so many is the monitoring query: about once a second over all connections. */
const MONITORING_EVERY = 200;
const STEPS_BEFORE_MONITORING = 10;
/** One step in so many breaks the UNIQUE of account. */
const MISTAKE_EVERY = 150;
const UNIQUE_VIOLATION = "23505";

/** Columns that PostgreSQL 17 moved to pg_stat_checkpointer and pg_stat_io, or dropped. */
export const BROKEN_BY_UPGRADE = "SELECT checkpoints_timed, checkpoints_req, buffers_backend FROM pg_stat_bgwriter";

export interface Workload {
  /** Aborted by stop(), and when a request fails that has no reason to. */
  readonly stopping: AbortSignal;
  /** Lets each connection finish its step and close. Rejects with what went wrong before. */
  stop(): Promise<void>;
}

type Step = (client: Client, account: () => number, branch: number) => Promise<void>;

/** A prepared statement: parsed once for each connection, then only bound. */
const lookUp: Step = async (client, account) => {
  const text = "SELECT owner, balance FROM account WHERE id = $1";
  await client.query({ name: "account by id", text, values: [account()] });
};

/** A simple query with its literal in the text, as many programs still send it. */
const listTransfers: Step = async (client, account) => {
  await client.query(`SELECT id, payee, amount FROM transfer WHERE payer = ${account()} ORDER BY id DESC LIMIT 5`);
};

const sumUp: Step = async (client, _, branch) => {
  await client.query("SELECT count(*), sum(balance) FROM account WHERE branch = $1", [branch]);
};

const transfer: Step = async (client, account) => {
  const [payer, payee] = [account(), account()];
  await client.query("BEGIN");
  await client.query("UPDATE account SET balance = balance - $1 WHERE id = $2", [5, payer]);
  await client.query("UPDATE account SET balance = balance + $1 WHERE id = $2", [5, payee]);
  await client.query("INSERT INTO transfer (payer, payee, amount) VALUES ($1, $2, $3) RETURNING id", [payer, payee, 5]);
  await client.query("COMMIT");
};

const openExistingAccount: Step = async (client, account) => {
  const values = [-1 - account(), account()];
  try {
    await client.query("INSERT INTO account VALUES ($1, 0, 'owner ' || $2::int, 0)", values);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)) throw error;
  }
};

const monitor: Step = async (client) => {
  await client.query(BROKEN_BY_UPGRADE);
};

const USUAL: readonly Step[] = [lookUp, listTransfers, transfer, lookUp, sumUp];

function stepAt(turn: number): Step {
  if (turn % MONITORING_EVERY === 0) return monitor;
  if (turn % MISTAKE_EVERY === 0) return openExistingAccount;
  return USUAL[turn % USUAL.length]!;
}

async function runBranch(address: { host: string; port: number }, branch: number, stop: AbortSignal): Promise<void> {
  const { host, port } = address;
  const client = new Client({ host, port, user: "postgres", database: BANK_DATABASE, application_name: "demo" });
  // Reported by the query that meets it.
  client.on("error", () => {});
  await client.connect();
  const account = (): number => branch * ACCOUNTS_PER_BRANCH + Math.floor(Math.random() * ACCOUNTS_PER_BRANCH);
  try {
    // Connections begin at different places, or all would ask for the monitoring data at the same moment; and one of
    // them so late in its round that even a short demo sees the query fail.
    const first = ((branch + 1) * MONITORING_EVERY) / BANK_BRANCHES - STEPS_BEFORE_MONITORING;
    for (let turn = first; !stop.aborted; turn++) {
      await stepAt(turn)(client, account, branch);
      await sleep(REST_MS);
    }
  } finally {
    await client.end();
  }
}

/** Starts a connection for each branch of the bank. */
export function startWorkload(address: { host: string; port: number }): Workload {
  const controller = new AbortController();
  const branches = Array.from({ length: BANK_BRANCHES }, (_, branch) => runBranch(address, branch, controller.signal));
  const ended = Promise.all(branches);
  // One connection's failure ends the others; stop() tells it.
  ended.catch(() => controller.abort());
  return {
    stopping: controller.signal,
    stop: async () => {
      controller.abort();
      await ended;
    },
  };
}
