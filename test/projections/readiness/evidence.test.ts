import { describe, expect, test } from "vitest";
import { factsOfMirroring } from "../../../src/projections/readiness/facts-of-mirroring.ts";
import { defaultPolicy } from "../../../src/projections/readiness/policy.ts";
import { readiness } from "../../../src/projections/readiness/readiness.ts";
import {
  ALL_OFF,
  criterionOf,
  factsOf,
  FROM,
  HOUR_US,
  judged,
  laneOf,
  mirroringOf,
  REQUESTS,
  TO,
} from "./given-facts.ts";

const blank = { seen: 0, selected: 0, mirrored: 0, parity_match: 0 };

describe("never READY by absence of data", () => {
  const absences = {
    "no traffic at all": { lanes: [] },
    "an empty log": { since: null, covered: null, lanes: [], mirrorings: [] },
    "a window before the log": { since: TO, lanes: [] },
    "a window whose numbers are gone": { covered: null },
    "no mirroring": { mirrorings: [], lanes: [] },
    "everything sampled out": { lanes: [laneOf({ ...blank, seen: 900, skipped: 900, skipped_exposure: 900 })] },
    "everything filtered out": { lanes: [laneOf({ ...blank, seen: 900, skipped: 900, skipped_filter: 900 })] },
    "recording off": { mirrorings: [mirroringOf({ isRecording: false })] },
  };
  test.for(Object.entries(absences))("%s is INCONCLUSIVE, with every threshold off too", ([, facts]) => {
    expect(judged(facts).verdict).toBe("INCONCLUSIVE");
    expect(judged(facts, ALL_OFF).verdict).toBe("INCONCLUSIVE");
  });
  test("requests that are still under way are INCONCLUSIVE", () => {
    const lanes = [laneOf({ ...blank, seen: REQUESTS, selected: REQUESTS })];
    expect(judged({ lanes }).verdict).toBe("INCONCLUSIVE");
  });
});

test("the answer says why there is no evidence", () => {
  const skipped = laneOf({ ...blank, seen: 900, skipped: 900, skipped_exposure: 800, skipped_paused: 100 });
  expect(judged({ lanes: [skipped] }).reasons).toContain(
    "No request was selected in the window: 800 were skipped by sampling, 100 were skipped while the mirroring was paused",
  );
  expect(judged({ lanes: [] }).reasons).toContain("No request was selected in the window: there was no traffic");
  expect(judged({ mirrorings: [mirroringOf({ isRecording: false })] }).reasons).toContain(
    "Recording is off (mirror_metrics_enabled = false): there is no evidence",
  );
  expect(judged({ since: TO, lanes: [] }).reasons).toContain(
    "The window lies wholly before the log, which begins at 2023-11-15T22:13:20.000000Z",
  );
});

test("a window that begins earlier than the log is merely unobserved there", () => {
  expect(judged({ window: { from: FROM - 5 * HOUR_US, to: TO } }).verdict).toBe("READY");
});

test("a database of which no request was selected has no evidence, unless it is filtered out", () => {
  const quiet = (reason: object) => laneOf({ ...blank, seen: 90, skipped: 90, ...reason }, { database: "quiet" });
  const sampled = judged({ lanes: [laneOf(), quiet({ skipped_exposure: 90 })] });
  expect(sampled.verdict).toBe("INCONCLUSIVE");
  expect(criterionOf(sampled, "evidence")).toMatchObject({ database: "quiet", status: "insufficient" });
  expect(judged({ lanes: [laneOf(), quiet({ skipped_filter: 90 })] }).verdict).toBe("READY");
});

test("a residue other than 0 is INCONCLUSIVE, with every threshold off too", () => {
  const answer = judged({ lanes: [laneOf({}, { residue: 3 })] }, ALL_OFF);
  expect(answer.verdict).toBe("INCONCLUSIVE");
  expect(answer.reasons).toEqual(["3 requests are unaccounted for: the counts cannot be relied on"]);
  expect(judged({ lanes: [laneOf({}, { residue: -3 })] }).verdict).toBe("INCONCLUSIVE");
});

test("evidence before an epoch doesn't count, and the answer says so", () => {
  const at = FROM + 20 * HOUR_US;
  const epoch = { at, what: "server_version", before: "18.1", after: "18.2", who: "pgsoak" };
  const answer = judged({ mirrorings: [mirroringOf({ evidenceFrom: at, epoch, observedSeconds: 4 * 3600 })] });
  expect(answer.verdict).toBe("INCONCLUSIVE");
  expect(answer.reasons).toEqual([
    "Runtime 4.0 hours below minimum 24 hours",
    "Evidence before 2023-11-15T18:13:20.000000Z does not count: server_version changed from 18.1 to 18.2",
  ]);
  const [mirroring] = answer.metrics.mirrorings;
  expect(mirroring).toMatchObject({ evidence_from: "2023-11-15T18:13:20.000000Z", epoch: { after: "18.2" } });
});

test("an epoch that a person began is told with who said so", () => {
  const epoch = { at: FROM + HOUR_US, what: "reloaded the data", before: "", after: "", who: "ann" };
  const answer = judged({ mirrorings: [mirroringOf({ epoch })] });
  expect(answer.reasons[1]).toBe(
    "Evidence before 2023-11-14T23:13:20.000000Z does not count: reloaded the data, says ann",
  );
});

test("an answer that rests on buckets says so", () => {
  const answer = judged({ resolution: "1h" });
  expect(answer.resolution).toBe("1h");
  expect(answer.reasons[1]).toMatch(/^Raw events were removed: the numbers cover .* at a resolution of 1h$/);
});

describe("requests that the log lost", () => {
  /** So many of 200,000 that were selected or lost, in one lane. */
  const lost = (unrecorded: number, change: object = {}) =>
    laneOf({ selected: REQUESTS - unrecorded, mirrored: REQUESTS - unrecorded, unrecorded }, change);

  test("up to one in a thousand are told, and are no residue", () => {
    const answer = judged({ lanes: [lost(200)], unrecorded: 200 });
    expect(answer.verdict).toBe("READY");
    expect(answer.reasons).toEqual(["All migration criteria met", "200 requests were seen but lost to the log"]);
  });

  test("beyond that are INCONCLUSIVE, with every threshold off too, and the answer says how many they are", () => {
    const answer = judged({ lanes: [lost(201)], unrecorded: 201 }, ALL_OFF);
    expect(answer).toMatchObject({ verdict: "INCONCLUSIVE", recommendation: "keep observing" });
    expect(answer.reasons[0]).toBe(
      "201 requests, 0.101% of those to be mirrored, were lost to the log, above threshold 0.100%",
    );
    expect(answer.needed).toEqual(["a window in which at most 0.1% of the requests are lost to the log"]);
    expect(criterionOf(answer, "accounting")).toMatchObject({
      status: "insufficient",
      actual: 0.001005,
      threshold: 0.001,
    });
  });

  test("beside a small rest that went well are INCONCLUSIVE", () => {
    const lane = laneOf({ seen: 10_200_000, unrecorded: 10_000_000 });
    const { verdict, reasons } = judged({ lanes: [lane], unrecorded: 10_000_000 });
    expect(verdict).toBe("INCONCLUSIVE");
    expect(reasons[0]).toMatch(/^10,000,000 requests, 98\.04% of those to be mirrored, were lost to the log/);
  });

  test("in one database decide, however few they are among all", () => {
    const small = laneOf({ seen: 10, selected: 5, mirrored: 5, unrecorded: 5 }, { database: "shop" });
    const answer = judged({ lanes: [laneOf(), small], unrecorded: 5 }, ALL_OFF);
    expect(answer.verdict).toBe("INCONCLUSIVE");
    expect(answer.reasons[0]).toMatch(/^5 requests, 50\.00% .* \(pg18\/shop\)$/);
  });

  test("of no known database are counted against the whole window", () => {
    expect(judged({ unrecorded: 200 }).verdict).toBe("READY");
    expect(judged({ unrecorded: 201 })).toMatchObject({ verdict: "INCONCLUSIVE" });
    expect(judged({ unrecorded: 1234 }).reasons).toContain("1,234 requests were seen but lost to the log");
  });

  test("of one mirroring are not held against another", () => {
    const mirrorings = [mirroringOf(), mirroringOf({ mirroring: "pg19" })];
    const lanes = [laneOf(), lost(9000, { mirroring: "pg19" })];
    const facts = factsOf({ mirrorings, lanes, unrecorded: 9001 });
    const verdict = (name: string) => readiness(factsOfMirroring(facts, name), defaultPolicy()).verdict;
    expect(factsOfMirroring(facts, "pg18").unrecorded).toBe(1);
    expect([verdict("pg18"), verdict("pg19")]).toEqual(["READY", "INCONCLUSIVE"]);
  });
});

test("one lucky hour in 24 is INCONCLUSIVE, and the answer says how much is missing", () => {
  const answer = judged({ mirrorings: [mirroringOf({ observedSeconds: 3.26 * 3600 })] });
  expect(answer.verdict).toBe("INCONCLUSIVE");
  expect(answer.reasons).toEqual(["Runtime 3.2 hours below minimum 24 hours"]);
  expect(answer.needed).toEqual(["19.6 more hours under observation"]);
});

test("a window that is too short for the runtime asks for a longer one, where the log has more", () => {
  const hour = { window: { from: TO - HOUR_US, to: TO }, mirrorings: [mirroringOf({ observedSeconds: 3600 })] };
  expect(judged(hour).needed).toEqual(["a window of at least 22.8 hours"]);
  expect(judged({ ...hour, since: TO - HOUR_US }).needed).toEqual(["21.8 more hours under observation"]);
});

test("a restart of one second doesn't spoil a day, unless min_observed is off", () => {
  const restarted = { mirrorings: [mirroringOf({ observedSeconds: 86_399 })] };
  expect(judged(restarted).verdict).toBe("READY");
  const strict = judged(restarted, { min_observed: "off" });
  expect(strict.verdict).toBe("INCONCLUSIVE");
  expect(strict.reasons).toEqual(["Runtime 23.9 hours below minimum 24 hours"]);
});

test("a mirror that is down the whole window is NOT_READY when requests failed, else INCONCLUSIVE", () => {
  const down = [mirroringOf({ observedSeconds: 0, longestGap: { from: FROM, to: TO, cause: "mirror_down" } })];
  const failed = laneOf({ mirrored: 0, parity_match: 0, errored: REQUESTS, errors_connection: REQUESTS });
  expect(judged({ mirrorings: down, lanes: [failed] }).verdict).toBe("NOT_READY");
  const answer = judged({ mirrorings: down, lanes: [] });
  expect(answer.verdict).toBe("INCONCLUSIVE");
  expect(answer.metrics.mirrorings[0]?.longest_gap).toMatchObject({ seconds: 86_400, cause: "mirror_down" });
});

test("what is still needed comes with the time that it takes at the rate of the window", () => {
  // Ten requests a second.
  const mirrorings = [mirroringOf({ observedSeconds: 1000 })];
  const lane = laneOf({ selected: 10_000, mirrored: 10_000, consecutive_successes: 2800 });
  expect(judged({ mirrorings, lanes: [lane] }).needed).toEqual([
    "7,200 more requests without an error, about 12 min at the rate of the window",
    "22.6 more hours under observation",
    "90,000 more requests, about 3 h at the rate of the window",
  ]);
});

test("without observed time nothing is said of how long it takes", () => {
  const answer = judged({
    mirrorings: [mirroringOf({ observedSeconds: 0 })],
    lanes: [laneOf({ selected: 99_999 })],
  });
  expect(answer.needed).toContain("1 more request");
});

test("a threshold of 0 can't be shown, and the answer says so", () => {
  const { needed } = judged({}, { mirror_max_error_rate: "0" });
  expect(needed).toEqual(["no number of requests can show an error rate of 0"]);
});
