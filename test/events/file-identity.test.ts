import { copyFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

test.each([
  ["removed", (path: string) => rmSync(path), /pgsoak\.db is gone/],
  [
    "replaced by a copy of itself",
    (path: string) => {
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
    /pgsoak\.db was replaced/,
  ],
  ["robbed of its write-ahead log", (path: string) => rmSync(`${path}-wal`), /pgsoak\.db-wal is gone/],
])("a log that was %s under its writer takes no more events", async (_what, take, says) => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch(marks(3));
  take(folder.path);
  expect(() => log.appendBatch(marks(1))).toThrow(says);
  expect(() => log.checkInPlace()).toThrow(says);
  expect(log.lastSeq).toBe(3);
});

test("a log behind a link is watched where it is, and a link that leads elsewhere by now is seen", async () => {
  using folder = logFolder();
  const link = join(folder.folder, "link.db");
  (await EventLog.open({ path: folder.path, folds: [] })).close();
  symlinkSync(folder.path, link);
  using log = await EventLog.open({ path: link, folds: [] });
  log.appendBatch(marks(3));
  const other = join(folder.folder, "other.db");
  (await EventLog.open({ path: other, folds: [] })).close();
  rmSync(link);
  symlinkSync(other, link);
  expect(() => log.appendBatch(marks(1))).toThrow(/link\.db was replaced/);
});
