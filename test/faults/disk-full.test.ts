import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";

/** Limits the size of any file that the process writes, as a full disk would; `unlimited` makes room again. */
const limitFiles = (pid: number, bytes: number | "unlimited"): void => {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
};

const mark = (pgsoak: PgsoakProcess): Promise<Response> =>
  fetch(pgsoak.api("/markers"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"text":"x"}',
  });

describe("a disk that is full", () => {
  test("pauses the recording and says so; clients feel nothing, and it goes on by itself when there is room", async () => {
    await using database = await createDatabase("disk_full");
    await using pgsoak = await startPgsoakProcess({ tables: mirrorTables(database.primary, database.mirror) });
    const status = async (path: string): Promise<number> => (await fetch(pgsoak.api(path))).status;
    await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 4, pauseMs: 2 });
    await waitFor(async () => (await readStatsOf(pgsoak)).total.requests_mirrored > 100);
    expect(await status("/healthz/recording")).toBe(200);

    limitFiles(pgsoak.pid!, statSync(`${pgsoak.logFile}-wal`).size);
    await waitFor(async () => (await status("/healthz/recording")) === 503, { message: "recording is broken" });
    const answered = load.requests;
    await waitFor(() => load.requests > answered + 500);
    expect(await status("/healthz")).toBe(200);
    expect(await (await fetch(pgsoak.api("/healthz"))).json()).toMatchObject({ recording: "broken" });
    expect(pgsoak.output()).toContain("recording is broken");
    expect((await mark(pgsoak)).status).toBe(503);

    limitFiles(pgsoak.pid!, "unlimited");
    await waitFor(async () => (await status("/healthz/recording")) === 200, { message: "recording works again" });
    expect((await mark(pgsoak)).status).toBe(201);
    // The outage is a gap of the ledger, though nothing was lost in it, and what was refused did not come after all.
    const observed = await (await fetch(pgsoak.api("/observations"))).json();
    expect(observed).toMatchObject({ mirrorings: [{ gaps: [{ cause: "write_failed" }] }] });
    const markers = await (await fetch(pgsoak.api("/markers"))).json();
    expect(markers).toMatchObject({ markers: [{ text: "x" }] });
    expect((await load.stop()).errors).toEqual([]);
    // Nothing was lost: what the disk refused waited in memory.
    const { total } = await settledStats(pgsoak, load.requests);
    expect(total.requests_unrecorded).toBe(0);
    expect(total.requests_mirrored + total.requests_dropped + total.requests_errored).toBe(load.requests);
  }, 60_000);
});
