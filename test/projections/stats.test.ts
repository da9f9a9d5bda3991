import { expect, test } from "vitest";
import { ALL_LANES, createMirrorStats } from "../../src/projections/stats.ts";
import {
  countersReset,
  dropped,
  errored,
  mirrored,
  queued,
  runStarted,
  skipped,
  tallied,
  unrecorded,
} from "./facts.ts";
import { given } from "./given.ts";

const TABLE = "mirror_stats";

test("a request is seen by the tap, selected when it is queued and mirrored when the mirror has finished it", async () => {
  using log = await given(createMirrorStats(), queued(10), tallied(11, 1));
  expect(log.rows(TABLE)[1]).toMatchObject({ requests_total: 1, requests_selected: 1, requests_mirrored: 0 });

  log.when(mirrored(20));
  expect(log.rows(TABLE)[1]).toMatchObject({
    requests_mirrored: 1,
    parity_match: 1,
    last_success: 20,
    last_error: null,
  });
});

test("latency is summed over mirrored requests alone and its maximum never decreases", async () => {
  using log = await given(
    createMirrorStats(),
    mirrored(1, { mirrorUs: 300 }),
    mirrored(2, { mirrorUs: 900 }),
    errored(3, { mirrorUs: 5_000_000 }),
    mirrored(4, { mirrorUs: 100 }),
  );
  expect(log.rows(TABLE)[1]).toMatchObject({ latency_sum_us: 1300, latency_count: 3, latency_max_us: 900 });
});

test("a success ends a row of errors, an error ends a row of successes", async () => {
  using log = await given(createMirrorStats(), mirrored(1), mirrored(2), errored(3), errored(4));
  expect(log.rows(TABLE)[1]).toMatchObject({ consecutive_errors: 2, consecutive_successes: 0, last_error: 4 });

  log.when(mirrored(5));
  expect(log.rows(TABLE)[1]).toMatchObject({ consecutive_errors: 0, consecutive_successes: 1, last_success: 5 });
});

test("a buffer_full drop counts as dropped and as an error, and is selected although it was never queued", async () => {
  using log = await given(createMirrorStats(), mirrored(1), dropped(2, { reason: "buffer_full", wasQueued: false }));
  expect(log.rows(TABLE)[1]).toMatchObject({
    requests_selected: 1,
    requests_dropped: 1,
    dropped_buffer_full: 1,
    errors_buffer_full: 1,
    consecutive_errors: 1,
    consecutive_successes: 0,
    last_error: 2,
  });
});

test("a drop for another reason ends a row of successes but is no error", async () => {
  using log = await given(
    createMirrorStats(),
    errored(1),
    mirrored(2),
    queued(3),
    dropped(4, { reason: "shutdown", wasQueued: true }),
  );
  expect(log.rows(TABLE)[1]).toMatchObject({
    requests_selected: 1,
    requests_dropped: 1,
    dropped_shutdown: 1,
    errors_buffer_full: 0,
    consecutive_errors: 0,
    consecutive_successes: 0,
    last_error: 1,
  });
});

test("an error counts under its category; only an answer of the mirror is a parity", async () => {
  using log = await given(
    createMirrorStats(),
    errored(1, { category: "query" }),
    errored(2, { category: "timeout" }),
    errored(3, { category: "connection" }),
  );
  expect(log.rows(TABLE)[1]).toMatchObject({
    requests_errored: 3,
    errors_query: 1,
    errors_timeout: 1,
    errors_connection: 1,
    parity_mirror_failed: 1,
  });
});

test("a consequence of an earlier difference counts as an outcome and not as a parity", async () => {
  using log = await given(
    createMirrorStats(),
    errored(1),
    errored(2, { attribution: "cascade", root: 1 }),
    mirrored(3, { parity: "different_rows", root: 1 }),
  );
  expect(log.rows(TABLE)[1]).toMatchObject({
    requests_errored: 2,
    errors_query: 2,
    cascades: 1,
    parity_mirror_failed: 1,
    requests_mirrored: 1,
    consequences: 1,
    parity_different_rows: 0,
  });
});

test("skipped requests count in total and by their reason", async () => {
  using log = await given(createMirrorStats(), skipped(1, 5), skipped(2, 2, { reason: "filter" }));
  expect(log.rows(TABLE)[1]).toMatchObject({ requests_skipped: 7, skipped_exposure: 5, skipped_filter: 2 });
});

test("a loss is counted where its lane and its size are known", async () => {
  using log = await given(
    createMirrorStats(),
    unrecorded(1, { requests: 4 }),
    unrecorded(2, { lane: null, requests: null, cause: "crash" }),
    unrecorded(3, { requests: null, cause: "crash" }),
  );
  expect(log.rows(TABLE)[1]).toMatchObject({ requests_unrecorded: 4 });
  expect(log.rows(TABLE)[ALL_LANES]).toMatchObject({ requests_unrecorded: 4 });
});

test("the row of all lanes adds them up and follows their outcomes in the order of the log", async () => {
  using log = await given(
    createMirrorStats(),
    mirrored(1, { lane: 1, mirrorUs: 100 }),
    errored(2, { lane: 2 }),
    mirrored(3, { lane: 1, mirrorUs: 700 }),
    mirrored(4, { lane: 2, mirrorUs: 200 }),
  );
  expect(log.rows(TABLE)[ALL_LANES]).toMatchObject({
    requests_mirrored: 3,
    requests_errored: 1,
    latency_sum_us: 1000,
    latency_max_us: 700,
    consecutive_successes: 2,
    last_success: 4,
    last_error: 2,
  });
});

test("a reset zeroes every counter, keeps the timestamps and begins with what is in flight", async () => {
  using log = await given(
    createMirrorStats(),
    queued(1),
    mirrored(2),
    errored(3, { request: 2 }),
    dropped(4, { request: 3 }),
    queued(5, { request: 4 }),
    queued(6, { request: 5, lane: 2 }),
    skipped(7, 9),
    tallied(8, 13),
    tallied(8, 1, { lane: 2 }),
    unrecorded(9),
  );
  const before = log.rows(TABLE)[1] ?? {};
  // One more selected than in flight: an errored request was never queued in this sequence.
  log.when(queued(10, { request: 2 }), tallied(10, 1), countersReset(11));

  const zeroes = Object.fromEntries(Object.keys(before).map((column) => [column, 0]));
  const kept = { last_success: 2, last_error: 4 };
  const rows = log.rows(TABLE);
  expect(rows[1]).toEqual({ ...zeroes, ...kept, lane: 1, requests_total: 1, requests_selected: 1 });
  expect(rows[2]).toMatchObject({ requests_total: 1, requests_selected: 1, last_success: null });
  expect(rows[ALL_LANES]).toEqual({ ...zeroes, ...kept, lane: ALL_LANES, requests_total: 2, requests_selected: 2 });
});

test("an event without a request changes no row", async () => {
  using log = await given(createMirrorStats(), runStarted(1));
  expect(log.rows(TABLE)).toEqual({});
});

test("saving writes the changed lanes alone", async () => {
  const fold = createMirrorStats();
  using log = await given(fold, tallied(1, 1), tallied(1, 1, { lane: 2 }));
  log.db.exec("delete from mirror_stats where lane = 2");

  log.when(tallied(2, 1));
  expect(Object.keys(log.rows(TABLE))).toEqual(["0", "1"]);
});

test("loading forgets what a rolled-back batch has folded", async () => {
  const fold = createMirrorStats();
  using log = await given(fold, tallied(1, 5));
  fold.apply({ ...tallied(2, 100), seq: 2 });
  fold.apply({ ...tallied(2, 100, { lane: 7 }), seq: 3 });
  fold.load(log.db);

  log.when(tallied(3, 1));
  expect(log.rows(TABLE)).toMatchObject({ 0: { requests_total: 6 }, 1: { requests_total: 6 } });
  expect(log.rows(TABLE)[7]).toBeUndefined();
});

test("clearing empties the table and the state", async () => {
  const fold = createMirrorStats();
  using log = await given(fold, tallied(1, 5));
  fold.clear(log.db);
  expect(log.rows(TABLE)).toEqual({});

  log.when(tallied(2, 1));
  expect(log.rows(TABLE)[1]).toMatchObject({ requests_total: 1 });
});
