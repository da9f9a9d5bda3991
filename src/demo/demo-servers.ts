// The two sides of the demo, an old server and the one to upgrade to, with the same data.

import { Client } from "pg";
import { BANK_DATABASE, BANK_SCHEMA } from "./bank.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

export interface DemoServers extends AsyncDisposable {
  readonly primary: PostgresServer;
  readonly mirror: PostgresServer;
}

/** A PostgreSQL 16 and an 18, started together and loaded. */
export async function startDemoServers(): Promise<DemoServers> {
  const starts = await Promise.allSettled([startPostgres({ major: 16 }), startPostgres({ major: 18 })]);
  const servers = starts.filter((start) => start.status === "fulfilled").map(({ value }) => value);
  const stopAll = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    const [primary, mirror] = servers;
    if (primary === undefined || mirror === undefined)
      throw new Error("both servers have started, but one isn't there");
    await Promise.all([load(primary), load(mirror)]);
    return { primary, mirror, [Symbol.asyncDispose]: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function load(server: PostgresServer): Promise<void> {
  await run(server, "postgres", `CREATE DATABASE ${BANK_DATABASE}`);
  await run(server, BANK_DATABASE, BANK_SCHEMA);
}

async function run(server: PostgresServer, database: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: server.url(database) });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
