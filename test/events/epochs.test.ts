import { expect, test } from "vitest";
import { Epochs } from "../../src/events/epochs.ts";
import type { Facts, MirrorEvent, RunMirroring } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { logFolder } from "./log-folder.ts";
import { openRecorder } from "./recorder-fixture.ts";
import { RecorderWorker } from "./recorder-worker.ts";

const AT = 5;
const told = (mirroring: string, database: string | null, facts: Facts) =>
  ({ type: "mirror_facts", at: AT, mirroring, database, facts }) as const;

const epochsOf = (events: readonly MirrorEvent[]): unknown[] =>
  events.flatMap((event) => {
    if (event.kind !== "epoch_started") return [];
    const { mirroring, what, before, after, who } = event;
    return [[mirroring, what, before, after, who]];
  });

/** One run of the real recorder with these mirrorings, from its start to its end. */
async function live(path: string, mirrorings: readonly RunMirroring[]): Promise<void> {
  await using worker = new RecorderWorker(path, undefined, { mirrorings });
  await waitFor(() => worker.reports.length > 0);
  worker.send({ type: "stop" });
  await worker.ended;
}

test("the first sight of a mirror is remembered and is no epoch; what it repeats is nothing", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  for (let i = 0; i < 2; i++) {
    producer.tell(told("pg18", null, { server_version: "18.1", jit: "on" }));
    producer.tell(told("pg18", "app", { lc_collate: "C" }));
    fixture.drainAll();
  }
  expect(fixture.events()).toEqual([
    expect.objectContaining({ kind: "mirror_seen", database: null, facts: { server_version: "18.1", jit: "on" } }),
    expect.objectContaining({ kind: "mirror_seen", database: "app", facts: { lc_collate: "C" } }),
  ]);
});

test("a mirror that says something else than before begins an epoch for each fact that changed", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  producer.tell(told("pg18", null, { server_version: "18.1", jit: "on", TimeZone: "UTC" }));
  producer.tell(told("pg18", "app", { lc_collate: "C" }));
  fixture.drainAll();
  producer.tell(told("pg18", null, { server_version: "18.2", jit: "off", TimeZone: "UTC" }));
  producer.tell(told("pg18", "app", { lc_collate: "de_DE" }));
  fixture.drainAll();
  const events = fixture.events(2);
  expect(events[0]).toMatchObject({ kind: "mirror_seen", facts: { server_version: "18.2", jit: "off" } });
  expect(epochsOf(events)).toEqual([
    ["pg18", "server_version", "18.1", "18.2", "pgsoak"],
    ["pg18", "jit", "on", "off", "pgsoak"],
    ["pg18", "app: lc_collate", "C", "de_DE", "pgsoak"],
  ]);
});

test("two threads that say the same in one batch are one change", async () => {
  using fixture = await openRecorder();
  const producers = [fixture.attach(1), fixture.attach(2)];
  for (const version of ["18.1", "18.2"]) {
    for (const producer of producers) producer.tell(told("pg18", null, { server_version: version }));
    fixture.drainAll();
  }
  expect(fixture.events().map(({ kind }) => kind)).toEqual(["mirror_seen", "mirror_seen", "epoch_started"]);
});

test("what one login may not see, and another mirroring's facts, are no change", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  producer.tell(told("pg18", null, { server_version: "18.1", shared_preload_libraries: "x" }));
  producer.tell(told("pg18", null, { server_version: "18.1" }));
  producer.tell(told("pg17", null, { server_version: "17.1" }));
  producer.tell(told("pg18", "other", { lc_collate: "C" }));
  producer.tell(told("pg18", "app", { lc_collate: "en" }));
  fixture.drainAll();
  expect(epochsOf(fixture.events())).toEqual([]);
});

test("facts are bounded in number and length, and so are the databases that have some", async () => {
  using fixture = await openRecorder();
  const epochs = new Epochs(fixture.log.db);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`fact_${i}`, "x".repeat(5000)]));
  const [seen] = epochs.ofMirror(AT, "pg18", null, many);
  if (seen?.kind !== "mirror_seen") throw new Error("nothing was seen");
  expect(Object.keys(seen.facts)).toHaveLength(64);
  expect(seen.facts["fact_0"]).toHaveLength(1000);
  expect(epochs.ofMirror(AT, "pg18", null, many)).toEqual([]);
  const news = Array.from(
    { length: 150 },
    (_, i) => epochs.ofMirror(AT, "pg18", `db${i}`, { encoding: "UTF8" }).length,
  );
  expect(news.reduce((sum, count) => sum + count)).toBe(100);
});

test("facts that were in the log when the process ended are known to the next one", async () => {
  using folder = logFolder();
  const mirroring = (settings: Facts, exposure = 1): RunMirroring[] => [{ name: "pg18", settings, exposure }];
  await live(folder.path, mirroring({ level: "all", compare: "rows" }));
  await live(folder.path, mirroring({ level: "all", compare: "rows" }, 0.5));
  using reader = openReader(folder.path);
  const epochs = async () => epochsOf(await reader.readEvents({ after: 0, limit: 100, kinds: ["epoch_started"] }));
  expect(await epochs()).toEqual([]);

  await live(folder.path, []);
  await live(folder.path, mirroring({ level: "dml", compare: "rows", new_setting: "x" }));
  expect(await epochs()).toEqual([["pg18", "level", "all", "dml", "pgsoak"]]);
  const events = await reader.readEvents({ after: 0, limit: 100 });
  const started = events.findIndex(({ kind }) => kind === "epoch_started");
  expect(events[started - 1]!.kind).toBe("run_started");
});

test("an epoch is in the table that outlives its event", async () => {
  using folder = logFolder();
  for (const level of ["all", "dml"]) await live(folder.path, [{ name: "pg18", settings: { level }, exposure: 1 }]);
  using reader = openReader(folder.path);
  expect(reader.db.prepare("select mirroring, what, before, after, who from epoch").all()).toEqual([
    { mirroring: "pg18", what: "level", before: "all", after: "dml", who: "pgsoak" },
  ]);
});

test("settings that change during a run begin an epoch once, not again with the next run", async () => {
  using folder = logFolder();
  const before = [{ name: "pg18", settings: { level: "all", compare: "rows" }, exposure: 1 }];
  const after = [{ name: "pg18", settings: { level: "reads", compare: "rows" }, exposure: 0.5 }];
  await using worker = new RecorderWorker(folder.path, undefined, { mirrorings: before });
  await waitFor(() => worker.reports.length > 0);
  const limits = { retentionMs: 86_400_000, maxSizeBytes: 1e9 };
  worker.send({ type: "reconfigure", mirrorings: after, ...limits });
  worker.send({ type: "reconfigure", mirrorings: after, ...limits });
  worker.send({ type: "stop" });
  await worker.ended;
  await live(folder.path, after);
  using reader = openReader(folder.path);
  const events = await reader.readEvents({ after: 0, limit: 100 });
  expect(epochsOf(events)).toEqual([["pg18", "level", "all", "reads", "pgsoak"]]);
});
