import { expect, test } from "vitest";
import { openReader } from "../../src/events/log-reader.ts";
import { verifySeals } from "../../src/events/verify-seals.ts";
import { readStats } from "../../src/projections/read-stats.ts";
import { readBooks } from "../events/books.ts";
import { logFolder } from "../events/log-folder.ts";
import { writeBigLog } from "./big-log.ts";

test("a made-up log is a log like any other: its books, projections and seals agree", async () => {
  using folder = logFolder();
  await writeBigLog(folder.path, 50_000);
  using reader = openReader(folder.path);
  const books = readBooks(reader);
  expect(books).toMatchObject({ open: new Set(), gaps: 0, unrecorded: 0 });
  expect(books.queued).toBe(books.seen);
  expect(books.events.map(({ at }) => at)).toEqual(books.events.map(({ at }) => at).sort((a, b) => a - b));
  expect(verifySeals(reader.db)).toMatchObject({ events: reader.lastSeq(), differences: [] });
  const { total } = await readStats(reader);
  expect(total.requests_total).toBe(books.seen);
});
