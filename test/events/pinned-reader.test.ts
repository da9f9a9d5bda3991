import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

const MIB = 1024 * 1024;

test("a reader that keeps an old state open stops nobody; what it makes the files grow by is given back after it", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const walBytes = (): number => statSync(`${folder.path}-wal`).size;
  log.appendBatch(marks(10));
  using reader = openReader(folder.path);
  reader.db.exec("begin");
  expect(reader.lastSeq()).toBe(10);
  const batch = marks(5000).map((mark) => ({ ...mark, text: "x".repeat(200) }));
  for (let i = 0; i < 20; i++) {
    log.appendBatch(batch);
    expect(log.tidy()).toBe(false);
  }
  expect(walBytes()).toBeGreaterThan(20 * MIB);
  expect(reader.lastSeq()).toBe(10);
  reader.db.exec("commit");
  expect(reader.lastSeq()).toBe(100_010);
  expect(log.tidy()).toBe(true);
  expect(walBytes()).toBe(0);
});
