// A service that has seen a bit of traffic between two real servers, under the names that the contract uses in its examples.

import { expect } from "vitest";
import { createDatabase, withClient } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { type RunningPgsoak, startPgsoak } from "../../helpers/start-pgsoak.ts";
import { settledStats } from "../../helpers/stats-client.ts";

const REQUESTS = 20;

export interface WatchedService extends AsyncDisposable {
  readonly pgsoak: RunningPgsoak;
  readonly port: number;
}

/** Mirroring `pg18`, database `app`; some requests fail on the mirror alone. */
export async function startWatchedService(): Promise<WatchedService> {
  await using undo = new AsyncDisposableStack();
  const database = undo.use(await createDatabase("contract"));
  await database.onPrimary("CREATE TABLE only_here (x int)");
  const { databases = [] } = mirrorTables(database.primary, database.mirror);
  const [primary, mirror] = databases;
  const names = { database_name: database.name };
  const pgsoak = undo.use(
    await startPgsoak({
      databases: [
        { ...primary, ...names, name: "app" },
        { ...mirror, ...names, name: "pg18" },
      ],
      mirroring: [{ source_db: "app", destination_db: "pg18" }],
    }),
  );
  await withClient({ ...pgsoak.proxy, user: "postgres", database: "app" }, async (client) => {
    for (let i = 0; i < REQUESTS; i++) await client.query(i % 4 === 0 ? "SELECT x FROM only_here" : "SELECT 1");
  });
  await settledStats(pgsoak, REQUESTS);
  const kept = undo.move();
  return {
    pgsoak,
    port: pgsoak.service.addresses.api.port,
    [Symbol.asyncDispose]: async () => {
      // Whatever the process's log calls an error, nobody was told.
      const failures = pgsoak.log().filter((line) => line.includes('"level":"error"'));
      await kept.disposeAsync();
      expect(failures).toEqual([]);
    },
  };
}
