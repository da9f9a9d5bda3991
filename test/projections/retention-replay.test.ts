// Whatever batches, restarts, crashes and removals of events there were: what is stored is what a replay gives, and what
// a log gives that never lost an event.

import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { readExtent } from "../../src/events/extent.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { Replay } from "../../src/projections/replay.ts";
import { logFolder } from "../events/log-folder.ts";
import { foldTables, openRetained, type RetainedLog } from "../events/retained-log.ts";
import { eventBatches, LANES } from "./event-sequences.ts";

/** So few that requests grow old and are given rows of their own. */
const YOUNG_EVENTS = 16;
const CHUNKS = { statementChunkEvents: YOUNG_EVENTS };

const START_AT = 1_700_000_000_000_000;
/** From a millisecond between two events to a quarter of an hour: buckets of every length close. */
const STRETCHES = [1, 300, 20_000, 900_000];

/** What happens behind a batch. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: "go on" } as const) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("remove" as const), events: fc.integer({ min: 1, max: 60 }) }),
  },
  fc.constant({ type: "reopen" } as const),
  fc.constant({ type: "crash" } as const),
  fc.record({ type: fc.constant("rebuild" as const), projection: fc.nat() }),
);

/** Batches as `cuts` long as they say, whatever publications the events came in. */
function cutAnew(events: readonly NewEvent[], cuts: readonly number[]): NewEvent[][] {
  const batches: NewEvent[][] = [];
  for (let start = 0, i = 0; start < events.length; i++) {
    const size = cuts[i % cuts.length]!;
    batches.push(events.slice(start, start + size));
    start += size;
  }
  return batches;
}

/** The file and its write-ahead log as a process that is killed leaves them. */
function copyOf(path: string, folder: string, name: string): string {
  const copy = join(folder, name);
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return copy;
}

const registerLanes = (log: EventLog): void => {
  for (let lane = 1; lane <= LANES; lane++) log.lanes.register("pg18", `database ${lane}`);
};

/** The tables of a log that saw the same events in one batch and kept all of them. */
async function modelOf(events: readonly NewEvent[]): Promise<unknown> {
  using folder = logFolder();
  using log = await EventLog.open({
    path: folder.path,
    folds: [new OpenRequests(YOUNG_EVENTS), ...createProjections("", CHUNKS)],
  });
  registerLanes(log);
  log.appendBatch(events);
  return foldTables(log.db);
}

test("stored = replayed = folded at once, for every fold, whatever was removed, restarted or rebuilt between", async () => {
  await fc.assert(
    fc.asyncProperty(
      eventBatches,
      fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 }),
      fc.array(step, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(...STRETCHES),
      async (sequence, cuts, steps, stretch) => {
        const events = sequence
          .flat()
          .map((event) => ({ ...event, at: event.at * stretch - (stretch - 1) * START_AT }));
        using folder = logFolder();
        let path = folder.path;
        let removable = 0; // events up to this seq may be removed
        const limits = {
          nowUs: Number.MAX_SAFE_INTEGER,
          youngEvents: YOUNG_EVENTS,
          retentionUs: 0,
          keptEvents: YOUNG_EVENTS,
          ...CHUNKS,
        };
        let retained: RetainedLog = await openRetained(path, limits);
        registerLanes(retained.log);
        for (const [index, batch] of cutAnew(events, cuts).entries()) {
          retained.log.appendBatch(batch);
          const next = steps[index % steps.length]!;
          if (next.type === "go on") continue;
          if (next.type === "remove") {
            removable += next.events;
            removeUpTo(retained, Math.min(removable, retained.log.lastSeq - YOUNG_EVENTS));
            continue;
          }
          if (next.type === "crash") path = copyOf(path, folder.folder, `crashed-${index}.db`);
          if (next.type === "rebuild") forget(retained, next.projection);
          retained.log.close();
          retained = await openRetained(path, limits);
        }
        using _retained = retained;
        const stored = foldTables(retained.log.db);
        expect(stored).toEqual(await modelOf(events));
        expect(replayed(path)).toEqual(stored);
      },
    ),
    { numRuns: 60 },
  );
});

/** One step of retention that ends at `seq`, as one that ran out of time does. */
function removeUpTo({ log, retention }: RetainedLog, seq: number): void {
  const { removedSeq } = readExtent(log.db);
  if (seq <= removedSeq) return;
  retention.remove(0, seq);
  expect(readExtent(log.db)).toMatchObject({ firstSeq: seq + 1, removedSeq: seq });
}

function forget({ log }: RetainedLog, projection: number): void {
  const names = log.db.prepare<[], string>("select name from fold_position order by name").pluck().all();
  log.db.prepare("delete from fold_position where name = ?").run(names[projection % names.length]);
}

/** What a replay of the log makes of it. */
function replayed(path: string): unknown {
  using reader = openReader(path);
  using replay = new Replay(reader, { youngEvents: YOUNG_EVENTS, mustCompare: true, ...CHUNKS });
  while (replay.step(0)) continue;
  expect(replay.compare().filter(({ rowsDifferent }) => rowsDifferent > 0)).toEqual([]);
  return foldTables(reader.db);
}
