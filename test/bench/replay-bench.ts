// How fast the log is folded anew, with every fold, as `pgsoak replay` does it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { Replay } from "../../src/projections/replay.ts";
import { manyEvents } from "../events/many-events.ts";
import { writeWindowLog } from "./window-log.ts";

export interface ReplayBench extends Disposable {
  /** Events per second of one replay from the beginning to the end. */
  replay(): { readonly wall: number; readonly cpu: number };
}

/** With `isSparse` the events are spread over eight days, and name 200 statements; else a second has 20,000 of them. */
export async function openReplayBench(events: number, isSparse = false): Promise<ReplayBench> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
  const path = join(folder, "pgsoak.db");
  if (isSparse) await writeWindowLog(path, events);
  else {
    using log = await EventLog.open({ path, folds: [new OpenRequests(), ...createProjections()] });
    for (const batch of manyEvents(log, events)) log.appendBatch(batch);
  }
  return {
    replay: () => {
      using reader = openReader(path);
      const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()];
      using replay = new Replay(reader);
      while (replay.step(50)) continue;
      const spent = process.cpuUsage(startedCpu);
      const perSecond = (ms: number): number => (replay.lastSeq / ms) * 1000;
      return { wall: perSecond(performance.now() - startedMs), cpu: perSecond((spent.user + spent.system) / 1000) };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
