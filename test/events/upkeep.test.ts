import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import type { RecorderReport } from "../../src/events/recorder-messages.ts";
import { Upkeep } from "../../src/events/upkeep.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { logFolder } from "./log-folder.ts";
import { manyEvents } from "./many-events.ts";

interface Kept extends Disposable {
  readonly log: EventLog;
  readonly upkeep: Upkeep;
  readonly clock: { ms: number };
  /** What upkeep did of retention. */
  readonly retained: string[];
  /** The log lines that it wrote. */
  said(): unknown[];
}

/** A log of which no projection has folded anything, and a retention that has something to do three times. */
async function openKept(path: string): Promise<Kept> {
  {
    using first = await EventLog.open({ path, folds: [new OpenRequests()] });
    for (const batch of manyEvents(first, 10_000)) first.appendBatch(batch);
  }
  const log = await EventLog.open({ path, folds: [new OpenRequests()], projections: createProjections() });
  const reports: RecorderReport[] = [];
  const clock = { ms: 0 };
  const retained: string[] = [];
  const retention = {
    due: () => (["remove", "give back", "remove", null] as const)[retained.length] ?? null,
    remove: () => retained.push("remove"),
    giveBack: () => void retained.push("give back"),
  };
  const upkeep = new Upkeep({
    log,
    retention,
    clock: { nowMs: () => clock.ms, wallUs: () => 0 },
    report: (report) => reports.push(report),
  });
  const said = (): unknown[] => reports.filter(({ type }) => type === "log");
  return { log, upkeep, clock, retained, said, [Symbol.dispose]: () => log.close() };
}

test("projections are rebuilt before events are removed, since they need them", async () => {
  using folder = logFolder();
  using kept = await openKept(folder.path);
  while (kept.log.rebuild.progress !== null) {
    expect(kept.retained).toEqual([]);
    expect(kept.upkeep.step()).toBe(true);
  }
  while (kept.upkeep.step()) continue;
  expect(kept.retained).toEqual(["remove", "give back", "remove"]);
});

test("when there is nothing to do, it looks again a second later and not before", async () => {
  using folder = logFolder();
  using kept = await openKept(folder.path);
  while (kept.upkeep.step()) continue;
  kept.retained.length = 0;
  kept.clock.ms += 999;
  expect(kept.upkeep.step()).toBe(false);
  kept.clock.ms += 1;
  expect(kept.upkeep.step()).toBe(true);
  expect(kept.retained).toEqual(["remove"]);
});

test("a step that fails is said once, tried again after a while, and never stops who records", async () => {
  using folder = logFolder();
  using kept = await openKept(folder.path);
  const { log, upkeep, clock } = kept;
  log.db.exec("create trigger refuse before insert on mirror_stats begin select raise(abort, 'disk full'); end");
  expect(upkeep.step()).toBe(false);
  clock.ms += 5000;
  expect(upkeep.step()).toBe(false);
  clock.ms += 5000;
  expect(upkeep.step()).toBe(false);
  const message = "the log can't be kept up: it goes on recording, and is tried again";
  expect(kept.said().slice(1)).toEqual([{ type: "log", level: "warn", message, fields: { cause: "disk full" } }]);
  log.appendBatch([{ kind: "marked", at: 1, text: "t", who: "w" }]);
  log.db.exec("drop trigger refuse");
  clock.ms += 10_000;
  while (upkeep.step()) continue;
  expect(log.rebuild.progress).toBeNull();
  expect(kept.said().at(-1)).toMatchObject({ message: "projections are whole again" });
});

test("a rebuild that has failed for ten minutes no longer keeps old events from being removed", async () => {
  using folder = logFolder();
  using kept = await openKept(folder.path);
  const { log, upkeep, clock, retained } = kept;
  log.db.exec("create trigger refuse before insert on mirror_stats begin select raise(abort, 'damaged'); end");
  for (; clock.ms < 590_000; clock.ms += 1000) {
    upkeep.step();
    expect(retained).toEqual([]);
  }
  while (upkeep.step()) continue;
  expect(retained).toEqual(["remove", "give back", "remove"]);
  clock.ms += 10_000;
  upkeep.step();
  expect(kept.said()).toHaveLength(2);
  log.db.exec("drop trigger refuse");
  clock.ms += 10_000;
  while (upkeep.step()) continue;
  expect(log.rebuild.progress).toBeNull();
});
