import { describe, expect, test } from "vitest";
import type { MirrorEvent } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { createDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf } from "../helpers/stats-client.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";

const KILLS = 4;
const SESSIONS = 8;
/** The age of the events that a crash may cost at most. */
const LOST_MS = 50;

/** The spans that the log says nobody knows about. */
async function gapsIn(pgsoak: PgsoakProcess): Promise<MirrorEvent[]> {
  using reader = openReader(pgsoak.logFile);
  return await reader.readEvents({ after: 0, limit: 100, kinds: ["unrecorded"] });
}

describe("kill -9 in full load", () => {
  test("no count goes back or doubles, the law holds, and what was lost is reported and small", async () => {
    await using database = await createDatabase("crash");
    await using pgsoak = await startPgsoakProcess({ tables: mirrorTables(database.primary, database.mirror) });
    let recorded = 0; // requests that the log held after the last start
    for (let kill = 1; kill <= KILLS; kill++) {
      const load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: SESSIONS, pauseMs: 1 });
      await waitFor(() => load.requests >= 1000, { timeoutMs: 30_000 });
      const shown = (await readStatsOf(pgsoak)).total.requests_total;
      const killedMs = performance.now();
      await pgsoak.kill();
      await load.stop(); // its sessions end with an error, which is the point

      const beganMs = performance.now();
      await pgsoak.start();
      expect(performance.now() - beganMs).toBeLessThan(5000);
      const { total } = await readStatsOf(pgsoak);
      expect(total.requests_total).toBeGreaterThanOrEqual(shown);
      expect(total.requests_in_flight).toBe(0);
      expect(total.requests_mirrored + total.requests_errored + total.requests_dropped).toBe(total.requests_total);
      // A loaded machine may fill a queue; nothing else is given up.
      expect(total.requests_dropped).toBe(total.dropped.interrupted + total.dropped.buffer_full);
      // What was answered earlier than 50 ms before the end is there, and nothing twice: a session can have one request
      // more in the log than it got answers.
      expect(total.requests_total - recorded).toBeGreaterThanOrEqual(load.answeredBefore(killedMs - LOST_MS));
      expect(total.requests_total - recorded).toBeLessThanOrEqual(load.requests + SESSIONS);
      recorded = total.requests_total;
      expect(await gapsIn(pgsoak)).toHaveLength(kill);
      expect((await gapsIn(pgsoak)).at(-1)).toMatchObject({ cause: "crash", requests: null, lane: null });
    }
    expect(await pgsoak.stop()).toEqual({ code: 0, signal: null });
    await pgsoak.start();
    expect((await readStatsOf(pgsoak)).total.requests_total).toBe(recorded);
    expect(await gapsIn(pgsoak)).toHaveLength(KILLS);
  }, 120_000);
});
