// A database of one's own on the two shared servers: the same name on both, dropped at the end of the test.

import { randomBytes } from "node:crypto";
import { Client, type ClientConfig } from "pg";
import { inject } from "vitest";
import type { ServerAddress } from "./clusters-setup.ts";

/** The shared PostgreSQL 16. */
export function primary(): ServerAddress {
  return inject("clusters").primary;
}

/** The shared PostgreSQL 18. */
export function mirror(): ServerAddress {
  return inject("clusters").mirror;
}

/** Runs `work` with a connection that is closed afterwards, whatever happens. */
export async function withClient<T>(options: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(options);
  // A server that is killed while the connection idles is no reason to end the test run.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same database on both sides. Its members are ready to be given to `pg.Client`. */
export class TestDatabase implements AsyncDisposable {
  readonly name: string;
  readonly primary: ServerAddress & { readonly database: string };
  readonly mirror: ServerAddress & { readonly database: string };

  constructor(name: string) {
    this.name = name;
    this.primary = { ...primary(), database: name };
    this.mirror = { ...mirror(), database: name };
  }

  /** Runs SQL (any number of statements) on both sides; what it gives back is not of interest. */
  async onBoth(sql: string): Promise<void> {
    await Promise.all([this.onPrimary(sql), this.onMirror(sql)]);
  }

  /** Runs SQL on the primary and gives the rows of its last statement. */
  onPrimary(sql: string): Promise<Record<string, unknown>[]> {
    return rowsOf(this.primary, sql);
  }

  /** Runs SQL on the mirror and gives the rows of its last statement. */
  onMirror(sql: string): Promise<Record<string, unknown>[]> {
    return rowsOf(this.mirror, sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await onBothServers(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

/** Creates an empty database on both servers. `hint` says whose it is, in letters and underscores. */
export async function createDatabase(hint: string): Promise<TestDatabase> {
  const name = `${hint.toLowerCase().replaceAll(/\W/g, "_")}_${randomBytes(4).toString("hex")}`;
  await onBothServers(`CREATE DATABASE ${name}`);
  return new TestDatabase(name);
}

async function onBothServers(sql: string): Promise<void> {
  await Promise.all([primary(), mirror()].map((server) => rowsOf({ ...server, database: "postgres" }, sql)));
}

function rowsOf(target: ServerAddress & { database: string }, sql: string): Promise<Record<string, unknown>[]> {
  return withClient(target, async (client) => {
    const answer = await client.query<Record<string, unknown>>(sql);
    // Several statements give an array of results, which the types don't know.
    const last = Array.isArray(answer) ? (answer as (typeof answer)[]).at(-1) : answer;
    return last?.rows ?? [];
  });
}
