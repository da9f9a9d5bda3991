import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backupLog, type BackupOptions } from "../../src/events/backup-log.ts";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { flipBit, offsetOf } from "./flip-bit.ts";
import { type LogFolder, logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

/** Large enough for a copy of several steps. */
const EVENTS = 60_000;

/** A writer on a log of EVENTS notes that is sealed in small ranges. */
async function openLog(folder: LogFolder): Promise<EventLog> {
  const log = await EventLog.open({ path: folder.path, folds: [], sealEvents: 1000 });
  const text = "x".repeat(300);
  for (let i = 0; i < EVENTS / 10_000; i++) log.appendBatch(marks(10_000).map((mark) => ({ ...mark, text })));
  return log;
}

const options = (change: Partial<BackupOptions> = {}): BackupOptions => ({
  force: false,
  stop: new AbortController().signal,
  onProgress: () => {},
  ...change,
});

test("a copy is of one moment, however much is written meanwhile, and is checked to its end", async () => {
  using folder = logFolder();
  using log = await openLog(folder);
  using reader = openReader(folder.path);
  const file = join(folder.folder, "copy.db");
  const phases = new Map<string, number>();
  const onProgress: BackupOptions["onProgress"] = (phase, share) => {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
    log.appendBatch(marks(100));
  };
  const report = await backupLog(reader, file, options({ onProgress }));
  expect(report).toMatchObject({ file, lastSeq: EVENTS, eventsChecked: EVENTS });
  expect(phases.get("copying")).toBeGreaterThan(1);
  expect(phases.get("checking")).toBeGreaterThan(EVENTS / 1000);
  expect(readdirSync(folder.folder).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
  using copy = await EventLog.open({ path: file, folds: [], sealEvents: 1000 });
  expect(copy.lastSeq).toBe(EVENTS);
  copy.appendBatch(marks(1));
  expect(log.lastSeq).toBeGreaterThan(EVENTS + 1000);
});

test.each(["copying", "checking"] as const)("a copy that is stopped while %s leaves nothing", async (phase) => {
  using folder = logFolder();
  using log = await openLog(folder);
  using reader = openReader(folder.path);
  const before = readdirSync(folder.folder);
  const controller = new AbortController();
  const onProgress: BackupOptions["onProgress"] = (now) => {
    if (now === phase) controller.abort();
  };
  const copied = await backupLog(
    reader,
    join(folder.folder, "copy.db"),
    options({ stop: controller.signal, onProgress }),
  );
  expect(copied).toBeNull();
  expect(readdirSync(folder.folder)).toEqual(before);
  log.appendBatch(marks(1));
});

test("a file that is there is replaced only when that is asked for, and the log itself never", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch(marks(5));
  using reader = openReader(folder.path);
  const file = join(folder.folder, "copy.db");
  writeFileSync(file, "precious");
  await expect(backupLog(reader, file, options())).rejects.toMatchObject({ code: "unavailable", message: /--force/ });
  expect(await backupLog(reader, file, options({ force: true }))).toMatchObject({ lastSeq: 5 });
  const link = join(folder.folder, "link.db");
  symlinkSync(folder.path, link);
  for (const same of [folder.path, link]) {
    const refused = backupLog(reader, same, options({ force: true }));
    await expect(refused).rejects.toMatchObject({ code: "unavailable", message: /the log itself/ });
  }
  expect(reader.lastSeq()).toBe(5);
});

test("a place that can't hold a copy is refused with the reason", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch(marks(5));
  using reader = openReader(folder.path);
  const refusal = (message: RegExp): object => ({ code: "unavailable", message });
  const at = (name: string): Promise<unknown> => backupLog(reader, join(folder.folder, name), options({ force: true }));
  await expect(at("missing/copy.db")).rejects.toMatchObject(refusal(/its folder doesn't exist/));
  mkdirSync(join(folder.folder, "folder"));
  await expect(at("folder")).rejects.toMatchObject(refusal(/something else/));
  writeFileSync(join(folder.folder, "copy.db-wal"), "");
  await expect(at("copy.db")).rejects.toMatchObject(refusal(/copy\.db-wal stands beside it/));
});

test("a copy of a log that is damaged inside is not kept, and the message says where", async () => {
  using folder = logFolder();
  {
    using log = await EventLog.open({ path: folder.path, folds: [], sealEvents: 10 });
    log.appendBatch(marks(40).map((mark, index) => ({ ...mark, text: `note ${index}.` })));
  }
  flipBit(folder.path, offsetOf(folder.path, "note 14."));
  using reader = openReader(folder.path);
  const file = join(folder.folder, "copy.db");
  const damage = { code: "log_damaged", message: expect.stringContaining("events 11 to 20: its checksum differs") };
  await expect(backupLog(reader, file, options())).rejects.toMatchObject(damage);
  expect(existsSync(file)).toBe(false);
});
