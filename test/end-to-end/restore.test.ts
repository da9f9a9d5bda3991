import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openReader, type LogReader } from "../../src/events/log-reader.ts";
import { verifySeals } from "../../src/events/verify-seals.ts";
import { run } from "../cli/log-fixture.ts";
import { createDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { startPgsoak } from "../helpers/start-pgsoak.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { logFolder } from "../events/log-folder.ts";

/** Requests that the log's events say were seen, whatever its projections say. */
function seenIn(reader: LogReader): number {
  let seen = 0;
  reader.scan(0, (event) => {
    if (event.kind === "tallied") seen += event.seen;
  });
  return seen;
}

test("a backup taken under load is restored: a service on it goes on from its totals, and its books agree", async () => {
  await using database = await createDatabase("restore");
  using folder = logFolder();
  const restored = join(folder.folder, "restored");
  mkdirSync(restored);
  const tables = mirrorTables(database.primary, database.mirror);
  {
    await using pgsoak = await startPgsoak(tables);
    await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 4, pauseMs: 1 });
    await waitFor(() => load.requests > 500);
    const { code, stderr } = await run("backup", join(restored, "pgsoak.db"), "--db", pgsoak.logFile);
    expect([code, stderr]).toEqual([0, ""]);
    expect((await load.stop()).errors).toEqual([]);
  }
  let seen: number;
  {
    using copy = openReader(join(restored, "pgsoak.db"));
    seen = seenIn(copy);
    expect(seen).toBeGreaterThan(100);
    expect(verifySeals(copy.db).differences).toEqual([]);
  }
  await using pgsoak = await startPgsoak(tables, { folder: restored });
  const before = await readStatsOf(pgsoak);
  expect(before.total).toMatchObject({ requests_total: seen, requests_in_flight: 0 });
  await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 2, pauseMs: 1 });
  await waitFor(() => load.requests > 50);
  await load.stop();
  const { total } = await settledStats(pgsoak, seen + load.requests);
  expect(total.requests_mirrored + total.requests_errored + total.requests_dropped).toBe(seen + load.requests);
});
