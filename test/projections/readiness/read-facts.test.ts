import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../../src/events/event.ts";
import { EventLog } from "../../../src/events/event-log.ts";
import { OpenRequests } from "../../../src/events/open-requests.ts";
import { createProjections } from "../../../src/projections/projections.ts";
import { defaultPolicy } from "../../../src/projections/readiness/policy.ts";
import { readFacts } from "../../../src/projections/readiness/read-facts.ts";
import { readiness } from "../../../src/projections/readiness/readiness.ts";
import { readWindowBounds } from "../../../src/projections/log-extent.ts";
import { logFolder } from "../../events/log-folder.ts";
import {
  countersReset,
  dropped,
  errored,
  mirrored,
  observationChanged,
  queued,
  runStarted,
  runStopped,
  skipped,
  tallied,
} from "../facts.ts";

const HOUR = 3_600_000_000;
const MINUTE = 60_000_000;
/** When the log begins; a full hour. */
const ZERO = 400_000 * HOUR;
const DAY = { from: ZERO, to: ZERO + 24 * HOUR };

const mirroring = (name: string) => ({ name, settings: {}, exposure: 1 });
const start = (at: number, ...names: string[]) =>
  runStarted(at, { run: at - ZERO + 1, mirrorings: names.map(mirroring) });

interface Rig extends Disposable {
  readonly log: EventLog;
  facts(window: { from: number; to: number }, selection?: object): ReturnType<typeof readFacts>;
}

async function rig(batches: readonly (readonly NewEvent[])[]): Promise<Rig> {
  const folder = logFolder();
  const folds = [new OpenRequests(), ...createProjections()];
  const log = await EventLog.open({ path: folder.path, folds, synchronous: "off" });
  for (const name of ["app", "shop"]) log.lanes.register("pg18", name);
  log.lanes.register("pg19", "app");
  for (const events of batches) log.appendBatch(events);
  return {
    log,
    facts: (window, selection) => readFacts(log.reader, window, selection),
    [Symbol.dispose]: () => {
      log.close();
      folder[Symbol.dispose]();
    },
  };
}

let request = 0;
/** One moment with so many requests that went well. */
function moment(at: number, count: number, lane = 1, change: object = {}): NewEvent[] {
  const requests = Array.from({ length: count }, () => ++request);
  return [
    ...requests.map((id) => queued(at, { lane, request: id })),
    ...requests.map((id) => mirrored(at, { lane, request: id, ...change })),
    tallied(at, count, { lane }),
  ];
}

const verdictOn = async (log: Rig, window = DAY) => readiness(await log.facts(window), defaultPolicy());

test("the facts of a window are counts, both latencies and observed time of each mirroring and database", async () => {
  using log = await rig([
    [start(ZERO, "pg18")],
    moment(ZERO + HOUR, 10),
    moment(ZERO + 2 * HOUR, 5, 2, { mirrorUs: 4000, primaryUs: 3000 }),
    [{ kind: "idled", at: ZERO + 24 * HOUR }],
  ]);
  const facts = await log.facts(DAY);
  expect(facts).toMatchObject({ window: DAY, since: ZERO, resolution: "exact", statementsResolution: "exact" });
  expect(facts.mirrorings).toEqual([
    {
      mirroring: "pg18",
      evidenceFrom: ZERO,
      epoch: null,
      observedSeconds: 24 * 3600,
      longestGap: null,
      isRecording: true,
      compare: null,
    },
  ]);
  expect(facts.lanes.map(({ database, counters, residue }) => [database, counters.mirrored, residue])).toEqual([
    ["app", 10, 0],
    ["shop", 5, 0],
  ]);
  expect(facts.lanes[1]).toMatchObject({ mirror: { count: 5, meanMs: 4 }, primary: { meanMs: 3 } });
  expect(facts.total.mirror).toMatchObject({ count: 15, maxMs: 4 });
});

test("how results were compared is what held at the window's end, whatever holds now", async () => {
  const settings = (compare: string) => [{ name: "pg18", settings: { compare }, exposure: 1 }];
  const change = { what: "compare", before: "rows", after: "content" };
  using log = await rig([
    [runStarted(ZERO, { run: 1, mirrorings: settings("rows") })],
    moment(ZERO + HOUR, 1),
    [
      runStarted(ZERO + 2 * HOUR, { run: 2, mirrorings: settings("content") }),
      { kind: "epoch_started", at: ZERO + 2 * HOUR, mirroring: "pg18", ...change, who: "pgsoak" },
    ],
    moment(ZERO + 3 * HOUR, 1),
  ]);
  const compareIn = async (to: number) => (await log.facts({ from: ZERO, to })).mirrorings[0]?.compare;
  expect(await compareIn(ZERO + 2 * HOUR)).toBe("rows");
  expect(await compareIn(ZERO + 4 * HOUR)).toBe("content");
  // A person may give the name of a setting as a reason.
  const said = { what: "compare", before: "", after: "", who: "ann" };
  log.log.appendBatch([{ kind: "epoch_started", at: ZERO + 5 * HOUR, mirroring: "pg18", ...said }]);
  expect(await compareIn(ZERO + 4 * HOUR)).toBe("content");
});

test("the same range gives the same bytes when it is asked for again, and when the log has grown", async () => {
  using log = await rig([[start(ZERO, "pg18")], moment(ZERO + HOUR, 10), moment(ZERO + 5 * HOUR, 1)]);
  const window = { from: ZERO, to: ZERO + 2 * HOUR };
  const first = JSON.stringify(await verdictOn(log, window));
  expect(JSON.stringify(await verdictOn(log, window))).toBe(first);
  log.log.appendBatch(moment(ZERO + 6 * HOUR, 100));
  expect(JSON.stringify(await verdictOn(log, window))).toBe(first);
});

test("a request that is under way at the window's edge counts where its outcome is, and the books balance", async () => {
  const edge = ZERO + HOUR;
  using log = await rig([
    [start(ZERO, "pg18")],
    [queued(edge - 1, { request: 9001 }), tallied(edge - 1, 1)],
    [errored(edge, { request: 9001 })],
  ]);
  const before = (await log.facts({ from: ZERO, to: edge })).lanes[0];
  expect(before).toMatchObject({ residue: 0, counters: { selected: 1, errored: 0 } });
  const after = (await log.facts({ from: edge, to: edge + HOUR })).lanes[0];
  expect(after).toMatchObject({ residue: 0, counters: { selected: 0, errored: 1 } });
});

test("a reset of the counters changes nothing", async () => {
  const batches = (...reset: NewEvent[]) => [
    [start(ZERO, "pg18")],
    moment(ZERO + HOUR, 10),
    reset,
    moment(ZERO + 2 * HOUR, 10),
  ];
  using plain = await rig(batches());
  using reset = await rig(batches(countersReset(ZERO + HOUR + MINUTE)));
  expect(await verdictOn(reset)).toEqual(await verdictOn(plain));
});

describe("an epoch in the middle", () => {
  const epoch = (change: object = {}): NewEvent => ({
    kind: "epoch_started",
    at: ZERO + 3 * HOUR,
    mirroring: "pg18",
    what: "server_version",
    before: "18.1",
    after: "18.2",
    who: "pgsoak",
    ...change,
  });
  const batches = (event: NewEvent) => [
    [start(ZERO, "pg18", "pg19")],
    moment(ZERO + HOUR, 10),
    moment(ZERO + HOUR, 20, 3),
    [event],
    moment(ZERO + 4 * HOUR, 7),
    [{ kind: "idled", at: ZERO + 24 * HOUR } as const],
  ];

  test("leaves its mirroring the evidence behind it, and the others theirs", async () => {
    using log = await rig(batches(epoch()));
    const facts = await log.facts(DAY);
    expect(facts.mirrorings.map(({ evidenceFrom, observedSeconds }) => [evidenceFrom, observedSeconds])).toEqual([
      [ZERO + 3 * HOUR, 21 * 3600],
      [ZERO, 24 * 3600],
    ]);
    expect(facts.mirrorings[0]?.epoch).toMatchObject({ what: "server_version", after: "18.2" });
    expect(facts.lanes.map(({ counters }) => counters.mirrored)).toEqual([7, 20]);
    const { reasons } = await verdictOn(log);
    expect(reasons.at(-1)).toMatch(/^Evidence before .* does not count: server_version changed .* \(pg18\)$/);
  });

  test("of all mirrorings is where `all` begins, also when raw events are asked no more", async () => {
    using log = await rig(batches(epoch({ mirroring: null, before: "", after: "" })));
    const now = ZERO + 30 * HOUR;
    expect(readWindowBounds(log.log.reader, now)).toEqual({ now, since: ZERO + 3 * HOUR });
    const facts = await log.facts({ from: ZERO + 3 * HOUR, to: now });
    expect(facts.mirrorings.map((each) => each.epoch?.at)).toEqual([ZERO + 3 * HOUR, ZERO + 3 * HOUR]);
  });

  test("of one mirroring is where `all` begins for it alone", async () => {
    using log = await rig(batches(epoch()));
    const now = ZERO + 30 * HOUR;
    expect(readWindowBounds(log.log.reader, now).since).toBe(ZERO);
    expect(readWindowBounds(log.log.reader, now, "pg18").since).toBe(ZERO + 3 * HOUR);
  });

  test("that lies behind the window changes nothing", async () => {
    using log = await rig(batches(epoch()));
    const facts = await log.facts({ from: ZERO, to: ZERO + 2 * HOUR });
    expect(facts.mirrorings.map((each) => each.epoch)).toEqual([null, null]);
  });
});

test("a restart of one second in a day leaves a gap of one second", async () => {
  using log = await rig([
    [start(ZERO, "pg18")],
    [runStopped(ZERO + HOUR)],
    [start(ZERO + HOUR + 1_000_000, "pg18")],
    [{ kind: "idled", at: ZERO + 24 * HOUR }],
  ]);
  const [facts] = (await log.facts(DAY)).mirrorings;
  expect(facts?.observedSeconds).toBe(24 * 3600 - 1);
  expect(facts?.longestGap).toMatchObject({ cause: "stopped", from: ZERO + HOUR });
});

test("a mirror that is down the whole window is not observed", async () => {
  using log = await rig([
    [start(ZERO, "pg18")],
    [observationChanged(ZERO, "mirror_down")],
    [{ kind: "idled", at: ZERO + 24 * HOUR }],
  ]);
  const facts = await log.facts({ from: ZERO + HOUR, to: ZERO + 23 * HOUR });
  expect(facts.mirrorings[0]).toMatchObject({ observedSeconds: 0, longestGap: { cause: "mirror_down" } });
  expect((await verdictOn(log)).verdict).toBe("INCONCLUSIVE");
});

test("statements that are equally slow are named in the same order, read from events or from rows", async () => {
  using log = await rig([[start(ZERO, "pg18")]]);
  const [first, second] = ["select 1", "select 2 + 2"].map((sql) => log.log.statements.register(sql));
  const slow = { mirrorUs: 90_000, primaryUs: 9000 };
  log.log.appendBatch(moment(ZERO + MINUTE, 30, 1, { ...slow, statement: second }));
  log.log.appendBatch(moment(ZERO + MINUTE, 30, 1, { ...slow, statement: first }));
  const window = { from: ZERO, to: ZERO + 10 * MINUTE };
  const reasons = async () => readiness(await log.facts(window), defaultPolicy()).reasons[0];
  const before = await reasons();
  expect(before).toContain("Latency ratio of 2 statements exceeds");
  log.log.appendBatch([{ kind: "idled", at: ZERO + HOUR }]);
  expect(await reasons()).toBe(before);
});

test("a run that records nothing has no evidence, and says so", async () => {
  const disabled = runStarted(ZERO, { mirrorings: [mirroring("pg18")], metricsEnabled: false });
  using log = await rig([[disabled]]);
  const { verdict, reasons } = await verdictOn(log);
  expect(verdict).toBe("INCONCLUSIVE");
  expect(reasons[0]).toContain("mirror_metrics_enabled = false");
});

test("a run that recorded nothing still says so when it has stopped", async () => {
  const disabled = { mirrorings: [mirroring("pg18")], metricsEnabled: false };
  using log = await rig([
    [start(ZERO, "pg18")],
    moment(ZERO + HOUR, 3),
    [runStopped(ZERO + 2 * HOUR)],
    [runStarted(ZERO + 2 * HOUR, { run: 2, ...disabled })],
    [runStopped(ZERO + 3 * HOUR)],
  ]);
  expect((await log.facts(DAY)).mirrorings).toMatchObject([{ isRecording: false }]);
  expect((await log.facts({ from: ZERO, to: ZERO + 2 * HOUR })).mirrorings).toMatchObject([{ isRecording: true }]);
});

test("a mirroring that was taken out of the configuration is judged no more, unless it is named", async () => {
  using log = await rig([
    [start(ZERO, "pg18", "pg19")],
    moment(ZERO + HOUR, 3),
    moment(ZERO + HOUR, 4, 3),
    [runStopped(ZERO + 2 * HOUR)],
    [start(ZERO + 2 * HOUR, "pg18")],
  ]);
  expect((await log.facts(DAY)).lanes.map((lane) => lane.mirroring)).toEqual(["pg18"]);
  const named = await log.facts(DAY, { mirroring: "pg19" });
  expect(named.lanes.map(({ counters }) => counters.mirrored)).toEqual([4]);
  expect((await log.facts({ from: ZERO, to: ZERO + HOUR + 1 })).mirrorings).toHaveLength(2);
});

test("a question about a database leaves out the mirrorings of other databases", async () => {
  const of = (name: string, source: string) => ({ name, settings: { source_db: source }, exposure: 1 });
  using log = await rig([
    [runStarted(ZERO, { mirrorings: [of("pg18", "shop"), of("pg19", "app"), of("any", "*")] })],
    moment(ZERO + HOUR, 3, 2),
    moment(ZERO + HOUR, 4, 3),
  ]);
  const judged = async (selection: object) =>
    (await log.facts(DAY, selection)).mirrorings.map(({ mirroring: name }) => name);
  expect(await judged({ database: "shop" })).toEqual(["any", "pg18"]);
  expect(await judged({})).toEqual(["any", "pg18", "pg19"]);
  expect(await judged({ mirroring: "pg19", database: "shop" })).toEqual(["pg19"]);
});

test("a question about one database sees that database alone", async () => {
  using log = await rig([[start(ZERO, "pg18")], moment(ZERO + HOUR, 3), moment(ZERO + HOUR, 4, 2)]);
  const facts = await log.facts(DAY, { database: "shop" });
  expect(facts.lanes.map(({ database }) => database)).toEqual(["shop"]);
  expect(facts.total.mirror?.count).toBe(4);
});

test("an empty log, and a window before the log, have facts that make no READY", async () => {
  using empty = await rig([]);
  expect(await empty.facts(DAY)).toMatchObject({ since: null, mirrorings: [], lanes: [] });
  expect((await verdictOn(empty)).reasons[0]).toBe("The log is empty");
  using log = await rig([[start(ZERO, "pg18")], moment(ZERO + HOUR, 3)]);
  const { verdict, reasons } = await verdictOn(log, { from: ZERO - 2 * HOUR, to: ZERO });
  expect(verdict).toBe("INCONCLUSIVE");
  expect(reasons[0]).toMatch(/^The window lies wholly before the log/);
});

test("a residue of the books is found: requests that were seen and have no fate", async () => {
  using log = await rig([[start(ZERO, "pg18")], moment(ZERO + HOUR, 3), [tallied(ZERO + HOUR, 2)]]);
  expect((await log.facts(DAY)).lanes[0]?.residue).toBe(2);
  const later = await log.facts({ from: ZERO + 2 * HOUR, to: ZERO + 3 * HOUR });
  expect(later.lanes[0]?.residue).toBe(2);
});

test("drops, skips and consequences reach the verdict as they stand in the log", async () => {
  const at = ZERO + HOUR;
  using log = await rig([
    [start(ZERO, "pg18")],
    [
      ...moment(at, 6),
      queued(at, { request: 9101 }),
      errored(at, { request: 9101 }),
      queued(at, { request: 9102 }),
      errored(at, { request: 9102, attribution: "cascade", root: 9101 }),
      dropped(at, { request: 9103 }),
      skipped(at, 10),
      tallied(at, 13),
    ],
  ]);
  const { metrics } = await verdictOn(log);
  expect(metrics).toMatchObject({ error_rate: 2 / 9, drop_rate: 1 / 9, cascades: 1, unaccounted: 0 });
  expect(metrics.skipped.exposure).toBe(10);
  expect(metrics.errors).toEqual({ connection: 0, query: 2, timeout: 0, buffer_full: 1 });
  expect(metrics.consecutive_successes).toBe(0);
});

test("a database that is hardly used does not hold back its mirroring, and a failure in any of them begins the count anew", async () => {
  const fails = (at: number, lane: number): NewEvent[] => {
    request++;
    return [queued(at, { lane, request }), errored(at, { lane, request }), tallied(at, 1, { lane })];
  };
  using log = await rig([
    [start(ZERO, "pg18")],
    moment(ZERO + HOUR, 5, 2),
    fails(ZERO + 2 * HOUR, 2),
    moment(ZERO + 3 * HOUR, 20),
    moment(ZERO + 4 * HOUR, 3, 2),
    moment(ZERO + 5 * HOUR, 7),
  ]);
  const policy = { ...defaultPolicy(), mirror_consecutive_success: 25 };
  const chain = async (selection = {}) => {
    const answer = readiness(await log.facts(DAY, selection), policy);
    return answer.criteria.find(({ name }) => name === "consecutive_successes");
  };
  expect(await chain()).toMatchObject({ status: "pass", actual: 30, mirroring: "pg18", database: null });
  expect(await chain({ database: "shop" })).toMatchObject({ status: "insufficient", actual: 3 });

  log.log.appendBatch(fails(ZERO + 6 * HOUR, 1));
  log.log.appendBatch(moment(ZERO + 7 * HOUR, 4, 2));
  expect(await chain()).toMatchObject({
    status: "insufficient",
    actual: 4,
    detail: "Consecutive successes 4 below minimum 25, the last failure was in database app",
  });
  expect((await log.facts(DAY)).chains).toEqual([{ mirroring: "pg18", successes: 4, brokenBy: "app" }]);
});

test("statements come with their errors and both p95, and tell whether anything writes", async () => {
  using log = await rig([[start(ZERO, "pg18")]]);
  const read = log.log.statements.register("select * from t where id = 1");
  const write = log.log.statements.register("insert into t values (1)");
  const at = ZERO + HOUR;
  log.log.appendBatch(moment(at, 40, 1, { statement: read, mirrorUs: 20_000, primaryUs: 1000 }));
  const facts = await log.facts(DAY);
  expect(facts.statements).toHaveLength(1);
  expect(facts.statements[0]).toMatchObject({ text: "select * from t where id = ?", executions: 40, calls: 40 });
  expect(facts.statements[0]?.mirrorP95Ms).toBeCloseTo(20, 0);
  expect(facts.lanes[0]?.mayWrite).toBe(false);
  log.log.appendBatch([
    queued(at + 1, { request: 9201 }),
    errored(at + 1, { request: 9201, statement: write }),
    tallied(at + 1, 1),
  ]);
  const more = await log.facts(DAY);
  expect(more.lanes[0]?.mayWrite).toBe(true);
  expect(more.statements[1]).toMatchObject({ errored: 1, errors: { "42883": 1 }, mirrorP95Ms: null });
});
