import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { WriterLock } from "../../src/events/writer-lock.ts";
import { countersReset } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";

interface Holder extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it said first. */
  readonly said: string;
}

async function startHolder(path: string): Promise<Holder> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./holds-log.ts", import.meta.url)), path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const [said]: string[] = await once(createInterface(child.stdout), "line");
  return { child, said: said!, [Symbol.asyncDispose]: kill };
}

test("a second process on the same log is refused, by any of its names, and readers are not", async () => {
  using folder = logFolder();
  const link = join(folder.folder, "link.db");
  symlinkSync(folder.path, link);
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch([countersReset(1)]);
  await using second = await startHolder(folder.path);
  expect(second.said).toContain(`Another pgsoak writes the event log ${folder.path}`);
  await using third = await startHolder(link);
  expect(third.said).toContain("Another pgsoak writes the event log");
  using reader = openReader(folder.path);
  expect(reader.lastSeq()).toBe(1);
  log.appendBatch([countersReset(2)]);
  expect(reader.lastSeq()).toBe(2);
});

test("the lock ends with the process that holds it, however it dies", async () => {
  using folder = logFolder();
  await using holder = await startHolder(folder.path);
  expect(holder.said).toBe("opened at 0");
  await expect(EventLog.open({ path: folder.path, folds: [] })).rejects.toMatchObject({ code: "log_locked" });
  holder.child.kill("SIGKILL");
  await once(holder.child, "exit");
  using log = await EventLog.open({ path: folder.path, folds: [] });
  expect(log.lastSeq).toBe(0);
});

test("the lock is given back when the log is closed, and when it can't be opened", async () => {
  using folder = logFolder();
  const log = await EventLog.open({ path: folder.path, folds: [] });
  expect(() => WriterLock.acquire(folder.path)).toThrow(expect.objectContaining({ code: "log_locked" }));
  log.close();
  WriterLock.acquire(folder.path).release();
  writeFileSync(folder.path, "no database\n".repeat(100));
  await expect(EventLog.open({ path: folder.path, folds: [] })).rejects.toMatchObject({ code: "log_damaged" });
  WriterLock.acquire(folder.path).release();
});

test("a lock file that is something else is not touched", () => {
  using folder = logFolder();
  writeFileSync(`${folder.path}.lock`, "someone's notes\n".repeat(100));
  expect(() => WriterLock.acquire(folder.path)).toThrow(expect.objectContaining({ code: "log_unusable" }));
});
