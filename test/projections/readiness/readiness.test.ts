import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ReadinessFacts } from "../../../src/projections/readiness/facts.ts";
import { defaultPolicy, overridePolicy } from "../../../src/projections/readiness/policy.ts";
import { readiness } from "../../../src/projections/readiness/readiness.ts";
import { readinessSchema } from "../../../src/projections/readiness/readiness-schema.ts";
import { factsOf, laneOf, latency, mirroringOf, statementOf } from "./given-facts.ts";

const many = fc.oneof(fc.nat(5), fc.nat(2000), fc.nat(500_000));
const milliseconds = fc.double({ min: 0, max: 3000, noNaN: true });

const counts = fc
  .record({
    match: many,
    different: fc.oneof(fc.constant(0), many),
    unverifiable: fc.oneof(fc.constant(0), many),
    errored: fc.oneof(fc.constant(0), many),
    dropped: fc.oneof(fc.constant(0), many),
    skipped: fc.oneof(fc.constant(0), many),
    underway: fc.nat(10),
    successes: many,
  })
  .map(({ match, different, unverifiable, errored, dropped, skipped, underway, successes }) => {
    const mirrored = match + different + unverifiable;
    const selected = mirrored + errored + dropped + underway;
    const seen = selected + skipped;
    const parity = { parity_match: match, parity_different_rows: different, parity_unverifiable: unverifiable };
    const failures = { errored, errors_query: errored, parity_mirror_failed: errored, attribution_data_drift: errored };
    const rest = { dropped, dropped_buffer_full: dropped, skipped, skipped_exposure: skipped };
    return {
      seen,
      selected,
      mirrored,
      ...parity,
      ...failures,
      ...rest,
      consecutive_successes: Math.min(successes, mirrored),
    };
  });

const lane = fc
  .record({
    counts,
    residue: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    mayWrite: fc.boolean(),
    meanMs: milliseconds,
  })
  .map(({ counts: counters, residue, mayWrite, meanMs }) => {
    const mirror = counters.mirrored === 0 ? null : latency({ meanMs, p99Ms: 1.5 * meanMs });
    return laneOf(counters, { residue, mayWrite, mirror });
  });

const facts: fc.Arbitrary<ReadinessFacts> = fc
  .record({
    databases: fc.array(lane, { maxLength: 3 }),
    observedSeconds: fc.integer({ min: 0, max: 90_000 }),
    isRecording: fc.boolean(),
    compare: fc.constantFrom("off" as const, "rows" as const, "content" as const, null),
    ratioMs: milliseconds,
  })
  .map(({ databases, observedSeconds, isRecording, compare, ratioMs }) =>
    factsOf({
      lanes: databases.map((each, index) => ({ ...each, database: `db${index}` })),
      mirrorings: [mirroringOf({ observedSeconds, isRecording, compare })],
      statements: [statementOf({ mirrorP95Ms: ratioMs, primaryP95Ms: 20 })],
    }),
  );

const share = fc.oneof(
  fc.constant("off"),
  fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value.toFixed(6)),
);
const whole = fc.oneof(fc.constant("off"), many.map(String));
const policy = fc
  .record(
    {
      mirror_max_error_rate: share,
      mirror_consecutive_success: whole,
      mirror_max_latency_ms: whole,
      mirror_p99_rule: fc.constantFrom("warn", "fail", "off"),
      mirror_min_runtime_hours: fc.constantFrom("off", "0", "1", "24"),
      mirror_min_requests: whole,
      max_divergence_rate: share,
      max_drop_rate: share,
      min_observed: share,
      min_exposure: share,
    },
    { requiredKeys: [] },
  )
  .map((settings) => overridePolicy(defaultPolicy(), Object.entries(settings)));

const GRADES = ["READY", "INCONCLUSIVE", "NOT_READY"];

test("any facts and any policy have an answer of the documented shape, the same bytes every time", () => {
  fc.assert(
    fc.property(facts, policy, (given, settings) => {
      const answer = readiness(given, settings);
      readinessSchema.parse(answer);
      expect(JSON.stringify(readiness(structuredClone(given), { ...settings }))).toBe(JSON.stringify(answer));
      expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    }),
  );
});

test("the verdict is what the worst criterion says, and ready means READY alone", () => {
  fc.assert(
    fc.property(facts, policy, (given, settings) => {
      const { verdict, ready, criteria } = readiness(given, settings);
      const statuses = new Set(criteria.map(({ status }) => status));
      const worst = statuses.has("fail") ? 2 : statuses.has("insufficient") ? 1 : 0;
      expect(verdict).toBe(GRADES[worst]);
      expect(ready).toBe(verdict === "READY");
    }),
  );
});

test("nothing is READY without a selected request, with a residue or without recording", () => {
  fc.assert(
    fc.property(facts, policy, (given, settings) => {
      const selected = given.lanes.reduce((sum, { counters }) => sum + counters.selected, 0);
      const isSound = given.lanes.every(({ residue }) => residue === 0) && given.mirrorings[0]!.isRecording;
      if (readiness(given, settings).ready) expect([selected > 0, isSound]).toEqual([true, true]);
    }),
  );
});

test("a success that becomes an error never improves the verdict", () => {
  fc.assert(
    fc.property(facts, policy, fc.nat(), (given, settings, pick) => {
      fc.pre(given.lanes.some(({ counters }) => counters.parity_match > 0));
      const candidates = given.lanes.filter(({ counters }) => counters.parity_match > 0);
      const chosen = candidates[pick % candidates.length]!;
      const { counters } = chosen;
      const worse = {
        ...counters,
        mirrored: counters.mirrored - 1,
        parity_match: counters.parity_match - 1,
        errored: counters.errored + 1,
        parity_mirror_failed: counters.parity_mirror_failed + 1,
        consecutive_successes: 0,
      };
      const lanes = given.lanes.map((each) => (each === chosen ? { ...each, counters: worse } : each));
      const grade = (change: ReadinessFacts) => GRADES.indexOf(readiness(change, settings).verdict);
      expect(grade({ ...given, lanes })).toBeGreaterThanOrEqual(grade(given));
    }),
    { numRuns: 500 },
  );
});

test("the score is from 0 to 100, and migrating is recommended with READY alone", () => {
  fc.assert(
    fc.property(facts, policy, (given, settings) => {
      const { verdict, confidence_score: score, recommendation, reasons } = readiness(given, settings);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(100);
      expect(reasons.length).toBeGreaterThan(0);
      if (verdict === "READY") expect(recommendation).toMatch(/safe/);
      else expect(recommendation).toMatch(/^(keep observing|address issues before migration|do not migrate)$/);
    }),
  );
});
