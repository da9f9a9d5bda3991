import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { Fold } from "../../src/events/fold.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { verifySeals } from "../../src/events/verify-seals.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { expectBalance, readBooks } from "./books.ts";
import { COMMIT_STEPS, SEAL_EVENTS } from "./commit-steps.ts";
import { logFolder } from "./log-folder.ts";

const SCRIPT = fileURLToPath(new URL("./dies-in-commit.ts", import.meta.url));
const EVENTS_PER_BATCH = 4;

const folds = (): Fold[] => [new OpenRequests(), ...createProjections()];
const open = (path: string): Promise<EventLog> => EventLog.open({ path, folds: folds(), sealEvents: SEAL_EVENTS });

function dump(log: EventLog): unknown {
  const tables = folds().flatMap((fold) => fold.tables);
  return tables.map((table) => log.db.prepare(`select * from ${table}`).all());
}

test.each(COMMIT_STEPS)(
  "a process that is killed %s leaves the whole batch or nothing of it",
  async (_what, occasion) => {
    using folder = logFolder();
    const { stdout, signal } = spawnSync(process.execPath, [SCRIPT, folder.path, occasion], { encoding: "utf8" });
    expect(signal).toBe("SIGKILL");
    const told = Number(stdout.trim().split("\n").at(-1));
    expect(told).toBe((occasion === "committed" ? 4 : 3) * EVENTS_PER_BATCH);
    let kept: unknown;
    {
      using log = await open(folder.path);
      // What was told is there, and what was not told is not: nothing in between.
      expect(log.lastSeq).toBe(told);
      expectBalance(readBooks(log.reader));
      expect(log.lanes.rows.size).toBe(told / EVENTS_PER_BATCH);
      expect(verifySeals(log.db)).toEqual({ events: told, removedRanges: 0, differences: [] });
      kept = dump(log);
      log.db.exec("delete from fold_position");
    }
    using replayed = await open(folder.path);
    expect(dump(replayed)).toEqual(kept);
    replayed.appendBatch([{ kind: "marked", at: 9, text: "goes on", who: "a test" }]);
    expect(replayed.lastSeq).toBe(told + 1);
  },
);
