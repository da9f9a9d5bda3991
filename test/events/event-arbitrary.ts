// Events of every kind with random contents, for property tests.

import * as fc from "fast-check";
import {
  ATTRIBUTIONS,
  DROP_REASONS,
  ERROR_CATEGORIES,
  type NewEvent,
  OBSERVATION_STATES,
  PARITIES,
  SKIP_REASONS,
} from "../../src/events/event.ts";

const at = fc.integer({ min: 0, max: 4e15 });
const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const requested = {
  at,
  request: fc.integer({ min: 0, max: 2 ** 50 }),
  lane: fc.integer({ min: 1, max: 99 }),
  statement: fc.nat(5000),
};
const timed = { mirrorUs: count, primaryUs: count, waitUs: count };
const root = fc.option(fc.nat(), { freq: 2 });
const text = fc.string({ unit: "grapheme", maxLength: 20 });

/** Any event but run_started, which needs a number of its own. */
export const anyEvent: fc.Arbitrary<NewEvent> = fc.oneof(
  // `run` is that of the log's one run.
  fc.record({ kind: fc.constant("queued"), ...requested, run: fc.constant(1), session: count, bytes: count }),
  fc.record({
    kind: fc.constant("mirrored"),
    ...requested,
    ...timed,
    rows: count,
    parity: fc.constantFrom(...PARITIES),
    root,
  }),
  fc.record({
    kind: fc.constant("errored"),
    ...requested,
    ...timed,
    category: fc.constantFrom(...ERROR_CATEGORIES),
    attribution: fc.constantFrom(...ATTRIBUTIONS),
    sqlstate: fc.constantFrom("", "42P01", "23505"),
    message: text,
    root,
  }),
  fc.record({
    kind: fc.constant("dropped"),
    ...requested,
    reason: fc.constantFrom(...DROP_REASONS),
    wasQueued: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("tallied"), at, lane: requested.lane, seen: count }),
  fc.record({
    kind: fc.constant("skipped"),
    at,
    lane: requested.lane,
    reason: fc.constantFrom(...SKIP_REASONS),
    count,
  }),
  fc.record({
    kind: fc.constant("unrecorded"),
    at,
    lane: fc.option(requested.lane),
    from: at,
    to: at,
    requests: fc.option(count),
    cause: fc.constantFrom("ring_full", "write_failed", "crash", "standstill", "unwatched"),
  }),
  fc.record({ kind: fc.constant("run_stopped"), at, run: fc.nat() }),
  fc.record({
    kind: fc.constant("observation_changed"),
    at,
    mirroring: text,
    state: fc.constantFrom(...OBSERVATION_STATES),
    cause: text,
  }),
  fc.record({
    kind: fc.constant("epoch_started"),
    at,
    mirroring: fc.option(text),
    what: text,
    before: text,
    after: text,
    who: text,
  }),
  fc.record({ kind: fc.constant("marked"), at, text, who: text }),
  fc.record({ kind: fc.constant("counters_reset"), at, who: text }),
  fc.record({
    kind: fc.constant("mirror_seen"),
    at,
    mirroring: text,
    database: fc.option(text),
    facts: fc.dictionary(fc.constantFrom("server_version", "jit", "TimeZone"), text, { noNullPrototype: true }),
  }),
  fc.record({ kind: fc.constant("idled"), at }),
);
