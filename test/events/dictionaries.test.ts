import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { countersReset, errored } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";

test("a hundred databases of a mirroring have a lane of their own, the rest is `other`", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [] });
  for (let i = 1; i <= 100; i++) expect(first.lanes.register("m", `d${i}`)).toBe(i);
  first.appendBatch([countersReset(1)]);
  first.close();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const other = log.lanes.register("m", "d101");
  expect(log.lanes.register("m", "d102")).toBe(other);
  expect(log.lanes.register("m", "other")).toBe(other);
  expect(log.lanes.register("m", "d100")).toBe(100);
  expect(log.lanes.register("another", "d101")).not.toBe(other);
});

test("ten thousand failures keep their words, later ones their kind only", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const failure = { category: "query", attribution: "other", sqlstate: "XX000" } as const;
  for (let i = 1; i <= 10_000; i++) expect(log.failures.register({ ...failure, message: `${i}` })).toBe(i);
  const wordless = log.failures.register({ ...failure, message: "one more" });
  expect(log.failures.register({ ...failure, message: "and another" })).toBe(wordless);
  expect(log.failures.register({ ...failure, message: "" })).toBe(wordless);
  expect(log.failures.register({ ...failure, message: "17" })).toBe(17);
});

test("messages that were cut inside of a character are one message, before and after a restart", async () => {
  using folder = logFolder();
  // The first halves of two characters: SQLite keeps the same for both.
  const halves = ["\ud83d", "\ud83e"].map((half) => errored(1, { message: `relation does not exist ${half}…` }));
  for (let run = 1; run <= 2; run++) {
    using log = await EventLog.open({ path: folder.path, folds: [] });
    log.appendBatch(halves);
    const events = await log.reader.readEvents({ after: 0, limit: 9, order: "desc" });
    expect(events[0]).toMatchObject({ kind: "errored", message: "relation does not exist \ufffd…" });
  }
});
