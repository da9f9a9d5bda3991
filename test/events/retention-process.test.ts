import { expect, test } from "vitest";
import { readExtent } from "../../src/events/extent.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { residueOf } from "../../src/projections/conservation.ts";
import { readStats } from "../../src/projections/read-stats.ts";
import { Replay } from "../../src/projections/replay.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { LoadProcess } from "./load-process.ts";
import { logFolder } from "./log-folder.ts";

/** Not more than a busy machine records: old events are removed only while no new ones wait. */
const LOAD = { maxSizeBytes: 1_500_000, requestsPerTurn: 20 };
const PATIENCE = { timeoutMs: 25_000 };

/** What differs between what is stored and what the events say, at one moment of the log. */
function differences(path: string): unknown[] {
  using reader = openReader(path);
  using replay = new Replay(reader, { mustCompare: true });
  while (replay.step(50)) continue;
  return replay.compare().filter(({ rowsDifferent }) => rowsDifferent > 0);
}

test("a service that removes events under load, is killed and goes on, keeps every number and its size", async () => {
  using folder = logFolder();
  let removed = 0;
  for (let round = 0; round < 3; round++) {
    await using load = await LoadProcess.start(folder.path, LOAD);
    using reader = openReader(folder.path);
    await waitFor(() => readExtent(reader.db).removedSeq > removed + 15_000, PATIENCE);
    expect(differences(folder.path)).toEqual([]);
    await load.kill();
    expect(differences(folder.path)).toEqual([]);
    removed = readExtent(reader.db).removedSeq;
  }
  await using last = await LoadProcess.start(folder.path, LOAD);
  using reader = openReader(folder.path);
  await waitFor(() => readExtent(reader.db).removedSeq > removed + 5000, PATIENCE);
  await last.end();
  expect(differences(folder.path)).toEqual([]);
  const { lanes } = await readStats(reader);
  for (const { balance, inFlight } of lanes) expect(residueOf(balance, inFlight)).toBe(0);
  const runs = reader.db.prepare("select count(*) from run").pluck().get();
  expect(runs).toBe(4);
  const kinds = reader.db.prepare("select distinct kind from event where kind > 8").pluck().all();
  expect(kinds).toEqual([]);
}, 120_000);
