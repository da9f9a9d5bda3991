// A running pgsoak between two real servers on which requests end in every way there is: alike, differently, on one side
// alone, too late, not at all.

import type { Client, ClientConfig } from "pg";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { createDatabase, withClient } from "../helpers/clusters.ts";
import { type ConfigTables, mirrorTables } from "../helpers/config-text.ts";
import { type RunningPgsoak, startPgsoak } from "../helpers/start-pgsoak.ts";

/** Without it the API answers nobody. */
export const TOKEN = "token-for-tests";
const QUEUE_LENGTH = 8;
/** Above max_message_bytes below. */
const LONG_STATEMENT = `SELECT '${"x".repeat(70_000)}'`;

const BOTH_SIDES = `
  CREATE TABLE account (id int PRIMARY KEY);
  INSERT INTO account SELECT generate_series(1, 10);
  CREATE TABLE other_rows (id int);
  CREATE TABLE other_content (id int);
`;
const PRIMARY_SIDE = `
  INSERT INTO other_rows VALUES (1);
  INSERT INTO other_content VALUES (1);
  CREATE TABLE only_primary (id int);
  CREATE FUNCTION other_error() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE division_by_zero; END $$;
  CREATE FUNCTION slow_there() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION dies_there() RETURNS int LANGUAGE sql AS 'SELECT 1';
`;
const MIRROR_SIDE = `
  INSERT INTO other_rows VALUES (1), (2);
  INSERT INTO other_content VALUES (2);
  CREATE TABLE only_mirror (id int);
  CREATE FUNCTION other_error() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$;
  CREATE FUNCTION slow_there() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(60)';
  CREATE FUNCTION dies_there() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_terminate_backend(pg_backend_pid())';
`;

export interface VariedSoak extends AsyncDisposable {
  readonly pgsoak: RunningPgsoak;
  /** What a client needs to come in. */
  readonly client: ClientConfig;
  /** Stands between pgsoak and the mirror. */
  readonly network: BreakableProxy;
  /** Requests that end as they should. */
  good(): Promise<void>;
  /** One request, at least, of each kind that doesn't. */
  bad(): Promise<void>;
  /** Requests that fail on the mirror alone, without one between them that doesn't. */
  failing(times: number): Promise<void>;
  /** The exposition as text, in OpenMetrics or 0.0.4. */
  scrape(accept?: string): Promise<string>;
}

/** `general` goes before the settings that this soak needs. */
export async function startVariedSoak(general: ConfigTables["general"] = {}): Promise<VariedSoak> {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createDatabase("monitoring"));
  await database.onBoth(BOTH_SIDES);
  await Promise.all([database.onPrimary(PRIMARY_SIDE), database.onMirror(MIRROR_SIDE)]);
  const network = resources.use(await BreakableProxy.to(database.mirror));
  const tables = mirrorTables(database.primary, network, {
    compare: "content",
    queue_length: QUEUE_LENGTH,
    timeout_ms: 2000,
    exclude_statements: ["not_mirrored"],
  });
  const pgsoak = resources.use(
    await startPgsoak({
      ...tables,
      general: { max_message_bytes: "64 KiB", ...general },
      api: { token: TOKEN },
    }),
  );
  const client = { ...pgsoak.proxy, user: "postgres", database: database.name };
  const kept = resources.move();
  return {
    pgsoak,
    client,
    network,
    good: () => withClient(client, good),
    bad: async () => {
      await withClient(client, differently);
      await withClient(client, tooSlowly);
      await withClient(client, (connected) => connected.query("SELECT dies_there()"));
      await withClient(client, (connected) => refused(connected, LONG_STATEMENT));
    },
    failing: (times) =>
      withClient(client, async (connected) => {
        for (let n = 0; n < times; n++) await connected.query("SELECT id FROM only_primary");
      }),
    scrape: async (accept = "text/plain") => {
      const headers = { accept, authorization: `Bearer ${TOKEN}` };
      const answer = await fetch(pgsoak.api("/metrics"), { headers });
      if (!answer.ok) throw new Error(`/metrics: ${answer.status} ${await answer.text()}`);
      return await answer.text();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function good(client: Client): Promise<void> {
  await client.query("SELECT id FROM account ORDER BY id");
  await client.query("SELECT 1 AS not_mirrored");
  await refused(client, "SELECT * FROM nowhere");
}

async function differently(client: Client): Promise<void> {
  await client.query("SELECT id FROM other_rows");
  await client.query("SELECT id FROM other_content");
  await client.query("SELECT id FROM only_primary");
  await refused(client, "SELECT id FROM only_mirror");
  await refused(client, "SELECT other_error()");
}

/** The mirror works on the first of them until its timeout; more follow than its queue takes. */
async function tooSlowly(client: Client): Promise<void> {
  await client.query("SELECT slow_there()");
  for (let n = 0; n < QUEUE_LENGTH + 2; n++) await client.query("SELECT 1");
}

async function refused(client: Client, statement: string): Promise<void> {
  await client.query(statement).catch(() => {});
}
