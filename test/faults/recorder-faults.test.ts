import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { createLog } from "../../src/log.ts";
import type { ObservationRow } from "../../src/projections/observation-rows.ts";
import { startService } from "../../src/service.ts";
import { readBooks } from "../events/books.ts";
import { logFolder } from "../events/log-folder.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase, withClient } from "../helpers/clusters.ts";
import { type ConfigTables, configText, mirrorTables } from "../helpers/config-text.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";

const ENTRY = new URL("./faulty-recorder-worker.ts", import.meta.url);

interface FaultyPgsoak extends AsyncDisposable {
  readonly proxy: { host: string; port: number };
  readonly admin: { host: string; port: number };
  readonly logFile: string;
  readonly lines: readonly string[];
  api(path: string): string;
  /** Goes on with these settings of the mirroring. */
  reload(mirroring: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

/** pgsoak with two proxy threads and a recorder that fails on request. */
async function startFaulty(
  database: TestDatabase,
  folder: string,
  mirror: { host: string; port: number } = database.mirror,
): Promise<FaultyPgsoak> {
  const configOf = (mirroring = {}): Config => {
    const tables: ConfigTables = { ...mirrorTables(database.primary, mirror, mirroring), general: { threads: 2 } };
    const text = configText(tables, folder, { proxy: 0, api: 0, admin: 0 });
    return parseConfig(text, { file: join(folder, "pgsoak.toml"), env: {}, allowPortZero: true });
  };
  let config = configOf();
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => lines.push(line) } });
  const service = await startService(config, log, { recorderEntry: ENTRY, reread: () => config });
  const { host, port } = service.addresses.api;
  return {
    proxy: service.addresses.proxy,
    admin: service.addresses.admin,
    logFile: join(folder, "pgsoak.db"),
    lines,
    api: (path) => `http://${host}:${port}${path}`,
    reload: (mirroring) => {
      config = configOf(mirroring);
      return service.reload("a test");
    },
    stop: () => service.stop(),
    [Symbol.asyncDispose]: () => service.stop(),
  };
}

async function recordingStatus(pgsoak: FaultyPgsoak): Promise<number> {
  return (await fetch(pgsoak.api("/healthz/recording"))).status;
}

const load = (pgsoak: FaultyPgsoak, database: TestDatabase): SteadyLoad =>
  new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 4, pauseMs: 1 });

describe("a recorder thread that dies", () => {
  test.each(["die", "died"])(
    "(%s) is replaced again and again: clients notice nothing, nothing is lost or counted twice, and the gaps are said",
    async (fault) => {
      await using database = await createDatabase(`recorder_${fault}`);
      using folder = logFolder();
      await using pgsoak = await startFaulty(database, folder.folder);
      await using clients = load(pgsoak, database);
      for (let death = 1; death <= 3; death++) {
        const answered = clients.requests;
        await waitFor(() => clients.requests > answered + 200);
        const shown = (await readStatsOf(pgsoak)).total.requests_total;
        writeFileSync(`${pgsoak.logFile}.${fault}`, "");
        const deaths = (): number => pgsoak.lines.filter((line) => line.includes("ended and is restarted")).length;
        await waitFor(() => deaths() === death);
        await waitFor(async () => (await recordingStatus(pgsoak)) === 200);
        expect((await readStatsOf(pgsoak)).total.requests_total).toBeGreaterThanOrEqual(shown);
      }
      expect((await clients.stop()).errors).toEqual([]);
      const { total } = await settledStats(pgsoak, clients.requests);
      expect(total).toMatchObject({ requests_unrecorded: 0, dropped: { interrupted: 0 } });
      await pgsoak.stop();
      using reader = openReader(pgsoak.logFile);
      const books = readBooks(reader);
      expect(books).toMatchObject({ gaps: 3, open: new Set(), seen: clients.requests });
      expect(books.outcomes).toBe(clients.requests);
      // Names survived: every lane and statement is the one that the first recorder knew.
      expect(reader.lanes()).toHaveLength(1);
      const unnamed = books.events.filter((event) => event.kind === "queued" && event.statement === 0);
      expect(unnamed).toEqual([]);
    },
    60_000,
  );
});

const requestOf = (pgsoak: FaultyPgsoak, database: TestDatabase): Promise<void> =>
  withClient({ ...pgsoak.proxy, user: "postgres", database: database.name }, async (client) => {
    await client.query("SELECT 1");
  });

/** A FIFO beside the log, and its writing end once the recorder waits for it: until that is closed. */
async function waitingAt(fifo: string, then: () => unknown): Promise<FileHandle> {
  execFileSync("mkfifo", [fifo]);
  const [end] = await Promise.all([open(fifo, "w"), then()]);
  rmSync(fifo);
  return end;
}

function observationOf(pgsoak: FaultyPgsoak): ObservationRow | undefined {
  using reader = openReader(pgsoak.logFile);
  return reader.db.prepare<[], ObservationRow>("select * from observation where to_us is null").get();
}

describe("what a recorder that dies has not heard", () => {
  test("of the mirrorings' states is said to the next one", async () => {
    await using database = await createDatabase("recorder_states");
    await using mirror = await BreakableProxy.to(database.mirror);
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder, mirror);
    await requestOf(pgsoak, database);
    await settledStats(pgsoak, 1);
    expect(observationOf(pgsoak)).toMatchObject({ state: "observing", mirror: "observing" });

    const end = await waitingAt(`${pgsoak.logFile}.hang`, () => requestOf(pgsoak, database));
    await mirror.welcome("refuse");
    mirror.cut();
    await requestOf(pgsoak, database);
    await withClient({ ...pgsoak.admin, user: "alice", database: "pgsoak" }, async (console) => {
      const state = async (): Promise<unknown> => (await console.query("SHOW MIRRORS")).rows[0]?.state;
      await waitFor(async () => (await state()) === "mirror_down");
      await console.query("PAUSE MIRROR");
    });
    writeFileSync(`${pgsoak.logFile}.died`, "");
    await end.close();
    await waitFor(() => pgsoak.lines.some((line) => line.includes("recording works again")));
    await waitFor(() => observationOf(pgsoak)?.state === "paused");
    expect(observationOf(pgsoak)).toMatchObject({ state: "paused", mirror: "mirror_down" });
  }, 60_000);

  test("of settings that are reloaded while the next one starts begins their epoch, once", async () => {
    await using database = await createDatabase("recorder_epoch");
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder);
    await requestOf(pgsoak, database);
    await settledStats(pgsoak, 1);

    const end = await waitingAt(`${pgsoak.logFile}.start`, async () => {
      writeFileSync(`${pgsoak.logFile}.die`, "");
      await requestOf(pgsoak, database);
    });
    await pgsoak.reload({ level: "reads" });
    await end.close();
    const epochs = (): unknown[] => {
      using reader = openReader(pgsoak.logFile);
      return readBooks(reader).events.filter(({ kind }) => kind === "epoch_started");
    };
    await waitFor(() => epochs().length > 0);
    await pgsoak.stop();
    expect(epochs()).toMatchObject([{ mirroring: "candidate", what: "level", before: "all", after: "reads" }]);
  }, 60_000);
});

describe("a note that is on its way when the recorder dies", () => {
  test.each([
    ["die", "before it is written", 0],
    ["died", "behind its commit", 1],
  ])("(%s, %s) is never acknowledged, and whoever sent it is told to look", async (fault, _when, kept) => {
    await using database = await createDatabase(`recorder_note_${fault}`);
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder);
    const post = (path: string, body: object): Promise<Response> =>
      fetch(pgsoak.api(path), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    writeFileSync(`${pgsoak.logFile}.${fault}`, "");
    const answer = await post("/markers", { text: "the mirror was analysed", who: "ann" });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "recording_broken", detail: expect.stringContaining("look") });
    await waitFor(async () => (await recordingStatus(pgsoak)) === 200);
    expect((await post("/epochs", { reason: "restored anew", who: "ann" })).status).toBe(201);
    await pgsoak.stop();
    using reader = openReader(pgsoak.logFile);
    const { events } = readBooks(reader);
    expect(events.filter(({ kind }) => kind === "marked")).toHaveLength(kept);
    expect(events.filter(({ kind }) => kind === "epoch_started")).toHaveLength(1);
  });
});

describe("a disk that hangs", () => {
  test("is seen and said from outside while clients go on; it clears by itself and nothing is lost", async () => {
    await using database = await createDatabase("disk_hangs");
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder);
    await using clients = load(pgsoak, database);
    await waitFor(() => clients.requests > 100);
    const fifo = `${pgsoak.logFile}.hang`;
    execFileSync("mkfifo", [fifo]);
    await waitFor(async () => (await recordingStatus(pgsoak)) === 503, { timeoutMs: 15_000 });
    const answered = clients.requests;
    await waitFor(() => clients.requests > answered + 200);
    const health: unknown = await (await fetch(pgsoak.api("/healthz"))).json();
    expect(health).toMatchObject({ recording: "broken", cause: expect.stringContaining("the disk does not answer") });
    const writer = openSync(fifo, "w");
    rmSync(fifo);
    closeSync(writer);
    await waitFor(async () => (await recordingStatus(pgsoak)) === 200);
    expect((await clients.stop()).errors).toEqual([]);
    const { total } = await settledStats(pgsoak, clients.requests);
    expect(total.requests_unrecorded).toBe(0);
  }, 60_000);
});

describe("another program that locks the log", () => {
  test("breaks the recording while it holds the lock, and no longer", async () => {
    await using database = await createDatabase("log_locked");
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder);
    await using clients = load(pgsoak, database);
    await waitFor(() => clients.requests > 100);
    const other = new Sqlite(pgsoak.logFile);
    other.exec("begin immediate");
    await waitFor(async () => (await recordingStatus(pgsoak)) === 503);
    const answered = clients.requests;
    await waitFor(() => clients.requests > answered + 200);
    other.exec("rollback");
    other.close();
    await waitFor(async () => (await recordingStatus(pgsoak)) === 200);
    expect((await clients.stop()).errors).toEqual([]);
    const { total } = await settledStats(pgsoak, clients.requests);
    expect(total.requests_unrecorded).toBe(0);
  }, 60_000);
});

describe("a log that is taken away from under a running service", () => {
  test("is not written to any more, and said; put back, recording goes on without a loss", async () => {
    await using database = await createDatabase("log_moved");
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder);
    await using clients = load(pgsoak, database);
    await waitFor(() => clients.requests > 100);
    renameSync(pgsoak.logFile, `${pgsoak.logFile}.away`);
    await waitFor(async () => (await recordingStatus(pgsoak)) === 503);
    const health: unknown = await (await fetch(pgsoak.api("/healthz"))).json();
    expect(health).toMatchObject({ cause: expect.stringContaining(`${pgsoak.logFile} is gone`) });
    expect(readdirSync(folder.folder)).not.toContain("pgsoak.db");
    renameSync(`${pgsoak.logFile}.away`, pgsoak.logFile);
    await waitFor(async () => (await recordingStatus(pgsoak)) === 200);
    expect((await clients.stop()).errors).toEqual([]);
    await settledStats(pgsoak, clients.requests);
  }, 60_000);

  test("replaced by another file, it is not confused with it, also while nobody asks anything", async () => {
    await using database = await createDatabase("log_replaced");
    using folder = logFolder();
    await using pgsoak = await startFaulty(database, folder.folder);
    rmSync(pgsoak.logFile);
    writeFileSync(pgsoak.logFile, "");
    await waitFor(async () => (await recordingStatus(pgsoak)) === 503);
    expect(pgsoak.lines.join("")).toContain("was replaced while pgsoak writes");
    await pgsoak.stop();
    expect(pgsoak.lines.join("")).toContain("what was recorded last is lost");
    // What a restart finds there it takes for what it is.
    await using next = await startFaulty(database, folder.folder);
    expect((await readStatsOf(next)).total.requests_total).toBe(0);
  }, 60_000);
});
