import { spawnSync } from "node:child_process";
import { closeSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { Fold } from "../../src/events/fold.ts";
import { openReader, type LogReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createMirrorStats } from "../../src/projections/stats.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { expectBalance, readBooks } from "./books.ts";
import { flipBit } from "./flip-bit.ts";
import { LoadProcess } from "./load-process.ts";
import { logFolder } from "./log-folder.ts";

const KILLS = 8;

const COUNTERS = ["requests_total", "requests_selected", "requests_mirrored", "requests_dropped"] as const;

type Totals = Record<(typeof COUNTERS)[number], number>;

/** The exposed counters of all lanes. */
function totals(reader: LogReader): Totals {
  return reader.db.prepare<[], Totals>(`select ${COUNTERS.join(", ")} from mirror_stats where lane = 0`).get()!;
}

const moreThan = (reader: LogReader, seq: number): Promise<boolean> => waitFor(() => reader.lastSeq() > seq);

test("killed under load again and again: nothing twice, no counter goes back, gaps known, the law holds", async () => {
  using folder = logFolder();
  let before: Totals = { requests_total: 0, requests_selected: 0, requests_mirrored: 0, requests_dropped: 0 };
  for (let run = 1; run <= KILLS; run++) {
    await using load = await LoadProcess.start(folder.path);
    expect(load.reports).toEqual([{ type: "ready", run }]);
    using reader = openReader(folder.path);
    await moreThan(reader, reader.lastSeq() + 3000 + run * 100);
    const now = totals(reader);
    for (const name of COUNTERS) expect(now[name]).toBeGreaterThanOrEqual(before[name]);
    await load.kill();
    before = totals(reader);
  }
  {
    await using load = await LoadProcess.start(folder.path);
    using reader = openReader(folder.path);
    await moreThan(reader, reader.lastSeq() + 1000);
    await load.end();
    expect(load.reports.at(-1)).toEqual({ type: "stopped" });
  }
  using reader = openReader(folder.path);
  const books = readBooks(reader);
  expectBalance(books);
  expect(books).toMatchObject({ gaps: KILLS, unrecorded: 0, open: new Set() });
  expect(books.interrupted).toBeGreaterThan(0);
  expect(totals(reader)).toEqual({
    requests_total: books.seen,
    requests_selected: books.queued,
    requests_mirrored: books.outcomes - books.interrupted,
    requests_dropped: books.interrupted,
  });
  expect(reader.db.prepare("select coalesce(sum(requests), 0) from in_flight").pluck().get()).toBe(0);
});

const folds = (): Fold[] => [new OpenRequests(), createMirrorStats()];

test("the projections of a killed process are what a replay of its log makes", async () => {
  using folder = logFolder();
  await using load = await LoadProcess.start(folder.path);
  {
    using reader = openReader(folder.path);
    await moreThan(reader, 5000);
  }
  await load.kill();
  const tables = ["mirror_stats", "in_flight", "open_request"];
  const dump = (log: EventLog): unknown => tables.map((table) => log.db.prepare(`select * from ${table}`).all());
  const live = await EventLog.open({ path: folder.path, folds: folds() });
  const kept = dump(live);
  live.db.exec("delete from fold_position");
  live.close();
  using replayed = await EventLog.open({ path: folder.path, folds: folds() });
  expect(dump(replayed)).toEqual(kept);
});

/** Within the last batches, far behind the tables and the beginning of the run. */
const nearEnd = (file: string): number => Math.floor(statSync(file).size * 0.9);

function overwriteNearEnd(file: string, bytes: Buffer): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, nearEnd(file));
  closeSync(descriptor);
}

test.each([
  ["cut", (wal: string) => truncateSync(wal, nearEnd(wal))],
  ["overwritten near its end", (wal: string) => overwriteNearEnd(wal, Buffer.alloc(64, 0xa5))],
  ["zeroed near its end", (wal: string) => overwriteNearEnd(wal, Buffer.alloc(8192))],
  ["changed in one bit", (wal: string) => flipBit(wal, nearEnd(wal))],
])("a write-ahead log that was %s after a crash loses its end, never its beginning", async (_what, damage) => {
  using folder = logFolder();
  await using load = await LoadProcess.start(folder.path);
  {
    using reader = openReader(folder.path);
    await moreThan(reader, 6000);
    await load.kill();
  }
  damage(`${folder.path}-wal`);
  await using next = await LoadProcess.start(folder.path);
  expect(next.reports).toEqual([{ type: "ready", run: 2 }]);
  await next.end();
  using reader = openReader(folder.path);
  const books = readBooks(reader);
  expectBalance(books);
  expect(books).toMatchObject({ gaps: 1, open: new Set() });
});

/** Sets how large a file of the process may become. */
function limitFileSize(pid: number, bytes: number | "unlimited"): void {
  const result = spawnSync("prlimit", ["--pid", `${pid}`, `--fsize=${bytes}:unlimited`]);
  expect(result.status).toBe(0);
}

const hasPrlimit = spawnSync("prlimit", ["--version"]).status === 0;

test.skipIf(!hasPrlimit)(
  "when files can't grow, recording pauses, says so, counts its losses and comes back",
  async () => {
    using folder = logFolder();
    await using load = await LoadProcess.start(folder.path);
    using reader = openReader(folder.path);
    await moreThan(reader, 2000);
    limitFileSize(load.pid, statSync(`${folder.path}-wal`).size);
    await waitFor(() => load.reports.length === 2);
    expect(load.reports[1]).toMatchObject({ type: "recording", state: "broken" });
    expectBalance(readBooks(reader));
    limitFileSize(load.pid, "unlimited");
    await waitFor(() => load.reports.length === 3);
    expect(load.reports[2]).toMatchObject({ type: "recording", state: "ok" });
    await moreThan(reader, reader.lastSeq() + 2000);
    await load.end();
    const books = readBooks(reader);
    expectBalance(books);
    expect(books).toMatchObject({ gaps: 0, open: new Set() });
  },
);
