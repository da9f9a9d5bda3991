// A load whose outcome is known: sessions of node-postgres that do work which both servers can do, work that fails on
// both and work that only the mirror fails at, and count for themselves what they asked for.

import { Client, DatabaseError } from "pg";

export interface Counted {
  /** Every request that was sent. */
  requests: number;
  /** Answered alike: done on both sides, or failed on both with the same SQLSTATE. */
  alike: number;
  match: number;
  bothFailed: number;
  mirrorFailed: number;
  /** Errors that the clients did not ask for. */
  unexpected: string[];
}

/** Both sides need this; `only_primary` must be on the primary alone. */
export const SCHEMA = `
  CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO account SELECT id, 100 FROM generate_series(1, 64) AS id;
`;
export const PRIMARY_ONLY = "CREATE TABLE only_primary (id int)";

type Outcome = "match" | "bothFailed" | "mirrorFailed";

interface Step {
  readonly outcome: Outcome;
  readonly run: (client: Client, account: number) => Promise<unknown>;
}

/** SQLSTATE that a step is meant to end with. */
const fails = async (query: Promise<unknown>, sqlstate: string): Promise<void> => {
  try {
    await query;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === sqlstate) return;
    throw error;
  }
  throw new Error(`expected to fail with ${sqlstate}`);
};

const STEPS: readonly Step[] = [
  { outcome: "match", run: (client) => client.query("SELECT 1") },
  { outcome: "match", run: (client, id) => client.query("SELECT balance FROM account WHERE id = $1", [id]) },
  {
    outcome: "match",
    run: (client, id) =>
      client.query({
        name: "add",
        text: "UPDATE account SET balance = balance + $1 WHERE id = $2",
        values: [1, id],
      }),
  },
  { outcome: "bothFailed", run: (client) => fails(client.query("SELECT * FROM nowhere"), "42P01") },
  { outcome: "bothFailed", run: (client) => fails(client.query("SELECT $1::int / 0", [7]), "22012") },
  { outcome: "mirrorFailed", run: (client) => client.query("SELECT count(*) FROM only_primary") },
  { outcome: "match", run: (client) => client.query("BEGIN") },
  {
    outcome: "match",
    run: (client, id) => client.query("UPDATE account SET balance = balance - 1 WHERE id = $1", [id]),
  },
  { outcome: "match", run: (client) => client.query("COMMIT") },
  { outcome: "match", run: (client) => client.query("SELECT 1; SELECT 2; SELECT id FROM account LIMIT 3") },
];

/** One session's share: the steps above, over and over, until `requests` were sent. */
async function session(target: { host: string; port: number; database: string }, account: number, requests: number) {
  const counted: Counted = { requests: 0, alike: 0, match: 0, bothFailed: 0, mirrorFailed: 0, unexpected: [] };
  const client = new Client({ ...target, user: "postgres" });
  client.on("error", (error) => counted.unexpected.push(error.message));
  await client.connect();
  while (counted.requests < requests) {
    const step = STEPS[counted.requests % STEPS.length]!;
    counted.requests++;
    try {
      await step.run(client, account);
      counted[step.outcome]++;
    } catch (error) {
      counted.unexpected.push(String(error));
      if (counted.unexpected.length > 5) break;
    }
  }
  await client.end();
  return counted;
}

/** Runs `sessions` sessions beside each other and adds up what they counted. `requests` is divisible by 10. */
export async function runMixedClients(
  target: { host: string; port: number; database: string },
  { sessions, requests }: { sessions: number; requests: number },
): Promise<Counted> {
  const all = await Promise.all(
    Array.from({ length: sessions }, (_, index) => session(target, index + 1, requests / sessions)),
  );
  const sum = (pick: (counted: Counted) => number): number => all.reduce((total, one) => total + pick(one), 0);
  return {
    requests: sum((one) => one.requests),
    alike: sum((one) => one.match + one.bothFailed),
    match: sum((one) => one.match),
    bothFailed: sum((one) => one.bothFailed),
    mirrorFailed: sum((one) => one.mirrorFailed),
    unexpected: all.flatMap((one) => one.unexpected),
  };
}
