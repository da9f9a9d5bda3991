// Starts one PostgreSQL 16 and one 18 for the whole test run; test files make databases of their own on them (see
// clusters.ts). Tests that break a server start one for themselves.

import type { TestProject } from "vitest/node";
import { startPostgres } from "../../src/demo/postgres-server.ts";

/** Where one of the two shared servers is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** A superuser; login is by trust. */
  readonly user: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    clusters: { primary: ServerAddress; mirror: ServerAddress };
  }
}

const addressOf = ({ host, port, user }: ServerAddress): ServerAddress => ({ host, port, user });

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // Every test file holds a few sessions, and files run beside each other.
  const settings = { max_connections: 400 };
  const [primary, mirror] = await Promise.all([
    startPostgres({ major: 16, settings }),
    startPostgres({ major: 18, settings }),
  ]);
  project.provide("clusters", { primary: addressOf(primary), mirror: addressOf(mirror) });
  return async () => {
    await Promise.all([primary.stop(), mirror.stop()]);
  };
}
