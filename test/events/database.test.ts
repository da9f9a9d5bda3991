import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { countersReset, mirrored } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";

/** A log with a few events, closed. */
async function writeLog(path: string): Promise<void> {
  using log = await EventLog.open({ path, folds: [] });
  log.appendBatch([countersReset(1), mirrored(2), countersReset(3)]);
}

/** Changes a closed log behind pgsoak's back. */
function tamper(path: string, sql: string): void {
  const db = new Sqlite(path);
  db.exec(sql);
  db.close();
}

function overwrite(path: string, offset: number, bytes: Buffer): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
}

const open = (path: string): Promise<EventLog> => EventLog.open({ path, folds: [] });

test("a file of 0 bytes is a fresh log", async () => {
  using folder = logFolder();
  writeFileSync(folder.path, "");
  await writeLog(folder.path);
  using reader = openReader(folder.path);
  expect(reader.lastSeq()).toBe(3);
});

test("a folder in the place of the log is refused", async () => {
  using folder = logFolder();
  mkdirSync(folder.path);
  await expect(open(folder.path)).rejects.toMatchObject({ code: "log_unusable", message: /is a folder/ });
});

test("a log in a folder that doesn't exist is refused", async () => {
  using folder = logFolder();
  const path = join(folder.folder, "missing", "pgsoak.db");
  await expect(open(path)).rejects.toMatchObject({ code: "log_unusable", message: expect.stringContaining(path) });
});

test("a link that leads nowhere is refused, one that leads to a log is followed", async () => {
  using folder = logFolder();
  const link = join(folder.folder, "link.db");
  symlinkSync(folder.path, link);
  await expect(open(link)).rejects.toMatchObject({ code: "log_unusable", message: /leads nowhere/ });
  await writeLog(folder.path);
  using log = await open(link);
  expect(log.lastSeq).toBe(3);
});

test.each([
  ["text instead of a database", (path: string) => writeFileSync(path, "not a database at all\n".repeat(500))],
  ["a header of zeroes", (path: string) => overwrite(path, 0, Buffer.alloc(100))],
  ["a destroyed schema page", (path: string) => overwrite(path, 100, Buffer.alloc(3900, 0xff))],
])("%s is reported as damage and left as it is", async (_what, damage) => {
  using folder = logFolder();
  await writeLog(folder.path);
  damage(folder.path);
  const before = readFileSync(folder.path);
  const refusal = { code: "log_damaged", message: expect.stringContaining(".recover") };
  await expect(open(folder.path)).rejects.toMatchObject(refusal);
  expect(() => openReader(folder.path)).toThrow(expect.objectContaining(refusal));
  expect(readFileSync(folder.path).equals(before)).toBe(true);
});

test("an end of the log that can't be read is reported as damage", async () => {
  using folder = logFolder();
  await writeLog(folder.path);
  tamper(folder.path, "update event set detail = '{' where seq = 3");
  await expect(open(folder.path)).rejects.toMatchObject({ code: "log_damaged", message: /Event 3/ });
});

test("an end of the log that is missing is reported as damage", async () => {
  using folder = logFolder();
  await writeLog(folder.path);
  tamper(folder.path, "insert into fold_position values ('x', 1, 3); delete from event where seq = 3");
  await expect(open(folder.path)).rejects.toMatchObject({ code: "log_damaged", message: /ends at event 2/ });
});

test("a database of another application is refused and left as it is", async () => {
  using folder = logFolder();
  tamper(folder.path, "create table precious (a)");
  const before = readFileSync(folder.path);
  const refusal = { code: "log_unusable", message: expect.stringContaining("another application") };
  await expect(open(folder.path)).rejects.toMatchObject(refusal);
  expect(readFileSync(folder.path).equals(before)).toBe(true);
});

test("a newer schema is refused by writers and readers", async () => {
  using folder = logFolder();
  await writeLog(folder.path);
  tamper(folder.path, "insert into kysely_migration values ('9999-future', '2099-01-01T00:00:00.000Z')");
  await expect(open(folder.path)).rejects.toMatchObject({ code: "log_newer", message: /9999-future/ });
  expect(() => openReader(folder.path)).toThrow(expect.objectContaining({ code: "log_newer" }));
});

test.each([
  ["kind", "update event set kind = 99 where seq = 2"],
  ["parity", "update event set code = 99 where seq = 2"],
])("an event of an unknown %s is refused by writers and readers, never guessed", async (_what, sql) => {
  using folder = logFolder();
  await writeLog(folder.path);
  tamper(folder.path, sql);
  await expect(open(folder.path)).rejects.toMatchObject({ code: "log_newer", message: /Event 2/ });
  using reader = openReader(folder.path);
  expect(() => reader.scan(0, () => {})).toThrow(expect.objectContaining({ code: "log_newer" }));
  await expect(reader.readEvents({ after: 0, limit: 9 })).rejects.toMatchObject({ code: "log_newer" });
});

test("a reader of a schema that is behind says that the service must be started once", async () => {
  using folder = logFolder();
  await writeLog(folder.path);
  tamper(folder.path, "delete from kysely_migration where name > '0001'");
  expect(() => openReader(folder.path)).toThrow(expect.objectContaining({ code: "log_unusable" }));
});

test("a reader of a log that isn't there, or holds nothing yet, says so and creates nothing", () => {
  using folder = logFolder();
  expect(() => openReader(folder.path)).toThrow(expect.objectContaining({ code: "log_missing" }));
  writeFileSync(folder.path, "");
  expect(() => openReader(folder.path)).toThrow(expect.objectContaining({ code: "log_missing" }));
  expect(readFileSync(folder.path)).toHaveLength(0);
});

test("a file that a crash left before its first table was made is a fresh log", async () => {
  using folder = logFolder();
  const begun = new Sqlite(folder.path);
  begun.pragma("journal_mode = wal");
  begun.close();
  await writeLog(folder.path);
  using reader = openReader(folder.path);
  expect(reader.lastSeq()).toBe(3);
});

test("another program's lock on the file is named as such", async () => {
  using folder = logFolder();
  await writeLog(folder.path);
  const other = new Sqlite(folder.path);
  other.exec("begin immediate");
  await expect(open(folder.path)).rejects.toMatchObject({ code: "log_locked", message: /Another program/ });
  other.close();
  using log = await open(folder.path);
  expect(log.lastSeq).toBe(3);
});

test.skipIf(process.getuid?.() !== 0)("a file that the process may only read is refused", async () => {
  using folder = logFolder();
  await writeLog(folder.path);
  chmodSync(folder.folder, 0o777);
  chmodSync(folder.path, 0o444);
  chmodSync(`${folder.path}.lock`, 0o666);
  const nobody = "65534";
  const script = fileURLToPath(new URL("./holds-log.ts", import.meta.url));
  const said = spawnSync(process.execPath, [script, folder.path, nobody], { encoding: "utf8" }).stdout;
  expect(said).toContain("can't be used (attempt to write a readonly database)");
});
