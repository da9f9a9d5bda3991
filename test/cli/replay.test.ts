import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { STATEMENT_CHUNK_EVENTS } from "../../src/projections/statement-rollups.ts";
import { logFolder } from "../events/log-folder.ts";
import { manyEvents } from "../events/many-events.ts";
import { openRetained, type RetainedLog } from "../events/retained-log.ts";
import { run } from "./log-fixture.ts";

const FOLDS = [new OpenRequests(), ...createProjections()];

async function openLongLog(path: string, events = 20_000): Promise<RetainedLog> {
  const retained = await openRetained(path, { maxBytes: 200_000, keptEvents: STATEMENT_CHUNK_EVENTS });
  for (const batch of manyEvents(retained.log, events)) retained.log.appendBatch(batch);
  return retained;
}

test("replay --verify finds the stored projections equal, beside the running writer", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path);
  const { code, stdout, stderr } = await run("replay", "--verify", "--db", folder.path);
  expect([code, stderr]).toEqual([0, ""]);
  const events = retained.log.lastSeq;
  expect(stdout).toMatch(new RegExp(`^Folded ${events.toLocaleString("en-US")} events \\(1 to ${events}\\) in `));
  const tables = FOLDS.flatMap((fold) => fold.tables).length;
  expect(stdout).toMatch(new RegExp(`The stored projections are equal: \\d+ rows in ${tables} tables\\.$`, "m"));
  expect(stdout).toMatch(/^The log's checksums are right: [\d,]+ events\.\n$/m);
});

test("replay begins with the checkpoint when events were removed", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path, 3 * STATEMENT_CHUNK_EVENTS);
  retained.retain();
  const { code, stdout } = await run("replay", "--verify", "--db", folder.path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Folded [\d,]+ events \(\d+ to \d+\) on the checkpoint at event \d+ in /);
});

test("an event that is not what was written is named with its range, and makes it exit 1", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path);
  retained.log.db.prepare("update event set wait_us = wait_us + 1 where seq = 77").run();
  const { code, stdout } = await run("replay", "--verify", "--db", folder.path);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^Events 1 to [\d,]+ are not what was written: /m);
});

test("a difference is named with projection, table, row and column, and makes it exit 1", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path);
  const { log } = retained;
  const stored = log.db.prepare("select requests_mirrored from mirror_stats where lane = 1").pluck().get();
  log.db.exec("update mirror_stats set requests_mirrored = requests_mirrored + 1, last_error = null where lane = 1");
  log.db.exec("delete from ledger_balance where lane = 2; insert into in_flight values (77, 5)");
  const { code, stdout } = await run("replay", "--verify", "--db", folder.path);
  expect(code).toBe(1);
  expect(stdout).toContain("Projection mirror_stats, table mirror_stats: 1 rows differ\n");
  expect(stdout).toContain(
    `  row lane 1, column requests_mirrored: stored ${Number(stored) + 1}, replayed ${Number(stored)}\n`,
  );
  expect(stdout).toMatch(/ {2}row lane 1, column last_error: stored nothing, replayed \d+\n/);
  expect(stdout).toContain("  row lane 2: stored nothing, replayed a row\n");
  expect(stdout).toContain("  row lane 77: stored a row, replayed nothing\n");
  expect(stdout).toContain("The stored projections are not what the events say.\n");
});

test("--json gives the same for programs", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path);
  retained.log.db.exec("update ledger_balance set seen = 0 where lane = 1");
  const { code, stdout } = await run("replay", "--verify", "--json", "--db", folder.path);
  expect(code).toBe(1);
  const report: unknown = JSON.parse(stdout);
  expect(report).toMatchObject({ first_seq: 1, last_seq: retained.log.lastSeq, equal: false });
  expect(report).toMatchObject({
    tables: expect.arrayContaining([
      expect.objectContaining({
        projection: "ledger_balance",
        rowsDifferent: 1,
        differences: [{ row: { lane: 1 }, column: "seen", stored: 0, replayed: expect.any(Number) }],
      }),
    ]),
  });
});

test("without --verify nothing is compared", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path, 3000);
  retained.log.db.exec("update ledger_balance set seen = 0");
  const { code, stdout } = await run("replay", "--db", folder.path);
  expect(code).toBe(0);
  expect(stdout).not.toContain("projections");
});

test("an empty log replays to nothing", async () => {
  using folder = logFolder();
  using _retained = await openRetained(folder.path);
  const { code, stdout } = await run("replay", "--verify", "--db", folder.path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Folded 0 events in /);
});

test("projections that are being rebuilt can't be compared, and that is said", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path, 3000);
  retained.log.db.exec("update fold_position set seq = 1 where name = 'mirror_stats'");
  const { code, stderr } = await run("replay", "--verify", "--db", folder.path);
  expect(code).toBe(70);
  expect(stderr).toContain("The projection mirror_stats is being rebuilt (0%)");
});

test("a terminal gets a progress bar on stderr, which is wiped at the end", async () => {
  using folder = logFolder();
  using _retained = await openLongLog(folder.path, 400_000);
  let [stdout, stderr] = ["", ""];
  await runProgram(["replay", "--db", folder.path], {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    stderrColumns: 100,
    env: {},
  });
  expect(stdout).toMatch(/^Folded /);
  const strokes = stderr.split("\r").map((stroke) => stroke.replace("\u001b[K", ""));
  expect(strokes[0]).toBe("");
  expect(strokes[1]).toMatch(/^\[=+ *\] \d+% {2}[\d,]+ of [\d,]+ events, [\d,]+\/s$/);
  expect(strokes.at(-1)).toBe("");
});

test("Ctrl-C ends it cleanly and leaves nothing behind", async () => {
  using folder = logFolder();
  using retained = await openLongLog(folder.path, 400_000);
  const before = readdirSync(folder.folder);
  let [stdout, stderr] = ["", ""];
  const code = await runProgram(["replay", "--verify", "--db", folder.path], {
    stdout: (text) => void (stdout += text),
    stderr: (text) => {
      // The first stroke of the bar: it is under way.
      if (stderr === "") process.emit("SIGINT");
      stderr += text;
    },
    stderrColumns: 80,
    env: {},
  });
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toMatch(/pgsoak: interrupted\n$/);
  expect(readdirSync(folder.folder)).toEqual(before);
  expect(process.listenerCount("SIGINT")).toBe(0);
  expect(retained.log.db.prepare("select count(*) from fold_position").pluck().get()).toBe(FOLDS.length);
});

test("the verdict that a replay gives is the one that the stored projections give", async () => {
  using folder = logFolder();
  using _retained = await openLongLog(folder.path);
  const window = ["--from", "2023-11-14T22:13:20Z", "--to", "2023-11-14T22:13:50Z", "--json", "--db", folder.path];
  const stored = await run("readiness", ...window);
  const replayed = await run("replay", ...window);
  expect(stored.stdout).toContain('"verdict"');
  expect(JSON.parse(replayed.stdout).readiness).toEqual(JSON.parse(stored.stdout));
});
