import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { canMount, mountVolume, type Volume } from "./volume.ts";

const MIB = 1024 * 1024;

const startOn = (volume: Volume, { primary, mirror }: TestDatabase): Promise<PgsoakProcess> =>
  startPgsoakProcess({
    tables: { ...mirrorTables(primary, mirror), events: { path: join(volume.folder, "pgsoak.db") } },
  });

const recordingStatus = async (pgsoak: PgsoakProcess): Promise<number> =>
  (await fetch(pgsoak.api("/healthz/recording"))).status;

/** From memory: whoever waits longer for it takes the process for dead. */
const causeOf = async (pgsoak: PgsoakProcess): Promise<unknown> =>
  (await fetch(pgsoak.api("/healthz"), { signal: AbortSignal.timeout(5000) })).json();

describe.skipIf(!canMount("memory"))("a volume that is really full", () => {
  test("pauses the recording; with room again it goes on by itself, and nothing was lost", async () => {
    await using database = await createDatabase("volume_full");
    using volume = mountVolume("memory", 16 * MIB)!;
    const ballast = join(volume.folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(15 * MIB));
    await using pgsoak = await startOn(volume, database);
    await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 4, pauseMs: 1 });
    await waitFor(async () => (await recordingStatus(pgsoak)) === 503, { timeoutMs: 20_000 });
    expect(await causeOf(pgsoak)).toMatchObject({ recording: "broken", cause: expect.stringMatching(/full|I\/O/) });
    const answered = load.requests;
    await waitFor(() => load.requests > answered + 200);
    rmSync(ballast);
    await waitFor(async () => (await recordingStatus(pgsoak)) === 200);
    expect((await load.stop()).errors).toEqual([]);
    const { total } = await settledStats(pgsoak, load.requests);
    expect(total.requests_unrecorded).toBe(0);
    expect(await pgsoak.stop()).toEqual({ code: 0, signal: null });
  }, 90_000);
});

describe.skipIf(!canMount("disk"))("a volume that really hangs", () => {
  test("stops no client for as long as it hangs, is said all the while, and recording goes on by itself behind it", async () => {
    await using database = await createDatabase("volume_hangs");
    using volume = mountVolume("disk", 64 * MIB)!;
    await using pgsoak = await startOn(volume, database);
    await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 4, pauseMs: 2 });
    await waitFor(async () => (await readStatsOf(pgsoak)).total.requests_mirrored > 100);
    const answered = load.requests;
    volume.freeze();
    try {
      await waitFor(() => load.requests > answered + 1000, { timeoutMs: 30_000 });
      const isSaid = async (): Promise<boolean> => JSON.stringify(await causeOf(pgsoak)).includes("does not answer");
      await waitFor(isSaid, { timeoutMs: 20_000 });
      const scrape = await fetch(pgsoak.api("/metrics"), { signal: AbortSignal.timeout(8000) });
      expect(await scrape.text()).toMatch(/^pgsoak_client_connections 4$/m);
    } finally {
      // A process that waits for a volume can't be ended.
      volume.thaw();
    }
    await waitFor(async () => (await recordingStatus(pgsoak)) === 200, { timeoutMs: 30_000 });
    expect((await load.stop()).errors).toEqual([]);
    const { total } = await settledStats(pgsoak, load.requests);
    expect(total.requests_mirrored + total.requests_dropped + total.requests_errored).toBe(
      load.requests - total.requests_unrecorded,
    );
    expect(await pgsoak.stop()).toEqual({ code: 0, signal: null });
  }, 90_000);
});
