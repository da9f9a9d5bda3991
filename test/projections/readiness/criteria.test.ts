import { describe, expect, test } from "vitest";
import {
  ALL_OFF,
  countersOf,
  criterionOf,
  FROM,
  judged,
  laneOf,
  latency,
  mirroringOf,
  REQUESTS,
  statementOf,
} from "./given-facts.ts";

test("a sound soak of 24 hours is READY, with the whole score and one reason", () => {
  expect(judged()).toMatchObject({
    verdict: "READY",
    ready: true,
    confidence_score: 100,
    band: "Highly confident",
    recommendation: "safe to migrate immediately",
    from: "2023-11-14T22:13:20.000000Z",
    to: "2023-11-15T22:13:20.000000Z",
    expires_at: "2023-11-16T22:13:20.000000Z",
    resolution: "exact",
    reasons: ["All migration criteria met"],
    needed: [],
  });
});

test("nothing but errors is NOT_READY", () => {
  const failed = { errored: REQUESTS, errors_query: REQUESTS, parity_mirror_failed: REQUESTS };
  const answer = judged({ lanes: [laneOf({ mirrored: 0, parity_match: 0, ...failed })] });
  expect(answer).toMatchObject({ verdict: "NOT_READY", ready: false, recommendation: "do not migrate" });
  expect(answer.reasons[0]).toBe("Error rate 100.00% exceeds threshold 1.00%");
});

test("drops alone are NOT_READY, by their rate and as errors", () => {
  const lane = laneOf({ mirrored: 0, parity_match: 0, dropped: REQUESTS, dropped_session_closed: REQUESTS });
  const answer = judged({ lanes: [lane] });
  expect(answer.verdict).toBe("NOT_READY");
  const expected = ["Error rate 100.00% exceeds threshold 1.00%", "Drop rate 100.00% exceeds threshold 1.00%"];
  expect(answer.reasons).toEqual(expect.arrayContaining(expected));
});

test("errors in one database alone decide, and the answer says which", () => {
  const sick = laneOf({ mirrored: REQUESTS - 5000, errored: 5000, errors_query: 5000 }, { database: "shop" });
  const answer = judged({ lanes: [laneOf(), laneOf({}, { database: "hr" }), sick] });
  expect(answer.verdict).toBe("NOT_READY");
  const found = { status: "fail", mirroring: "pg18", database: "shop", actual: 0.025 };
  expect(criterionOf(answer, "error_rate")).toMatchObject(found);
  expect(answer.reasons).toEqual(["Error rate 2.50% exceeds threshold 1.00% (pg18/shop)"]);
});

test("errors in several databases name the worst and count the others", () => {
  const sick = (database: string, errored: number) => laneOf({ mirrored: REQUESTS - errored, errored }, { database });
  const answer = judged({ lanes: [laneOf(), sick("hr", 5000), sick("shop", 9000)] });
  expect(answer.reasons).toEqual(["Error rate 4.50% exceeds threshold 1.00% (pg18/shop and 1 more)"]);
});

test("one bad mirroring among good ones decides, and the answer says which", () => {
  const bad = laneOf({ selected: 10, mirrored: 10, parity_match: 10 }, { mirroring: "pg19" });
  const mirrorings = [mirroringOf(), mirroringOf({ mirroring: "pg19" })];
  const answer = judged({ mirrorings, lanes: [laneOf(), bad] });
  expect(answer.verdict).toBe("INCONCLUSIVE");
  const found = { status: "insufficient", actual: 10, mirroring: "pg19" };
  expect(criterionOf(answer, "requests")).toMatchObject(found);
  expect(answer.reasons).toContain("Total requests 10 below minimum 100000 (pg19)");
});

test("volume is that of a mirroring over all of its databases", () => {
  const half = { seen: 60_000, selected: 60_000, mirrored: 60_000, parity_match: 60_000 };
  expect(judged({ lanes: [laneOf(half), laneOf(half, { database: "shop" })] }).verdict).toBe("READY");
});

test("one racing read among a million changes nothing", () => {
  const n = 1_000_000;
  const lane = laneOf({ seen: n, selected: n, mirrored: n, parity_match: n - 1, parity_different_rows: 1 });
  expect(judged({ lanes: [lane] }).verdict).toBe("READY");
});

test("a consequence in a transaction is counted once, with its root", () => {
  const failed = { errored: 4000, attribution_cascade: 3000, consecutive_successes: 20_000 };
  const answer = judged({ lanes: [laneOf({ mirrored: REQUESTS - 4000, ...failed })] });
  expect(answer.metrics.error_rate).toBe(1000 / REQUESTS);
  expect(answer.verdict).toBe("READY");
});

test("a buffer_full drop is counted once, though it shows in two counters", () => {
  const failed = { dropped: 1000, dropped_buffer_full: 1000, consecutive_successes: 20_000 };
  const answer = judged({ lanes: [laneOf({ mirrored: REQUESTS - 1000, ...failed })] });
  expect(answer.metrics).toMatchObject({ error_rate: 0.005, drop_rate: 0.005, errors: { buffer_full: 1000 } });
  expect(answer.verdict).toBe("READY");
});

test("what failed alike on both sides is no error", () => {
  const answer = judged({ lanes: [laneOf({ parity_match: 0, parity_both_failed: REQUESTS })] });
  expect(answer.verdict).toBe("READY");
  expect(answer.metrics.error_rate).toBe(0);
});

test("requests cut by the window's edge make no rate above 1", () => {
  // Selected before the window, dropped in it.
  const lane = laneOf({ seen: 0, selected: 0, mirrored: 0, parity_match: 0, dropped: 5, dropped_shutdown: 5 });
  const answer = judged({ lanes: [lane] });
  expect(criterionOf(answer, "drop_rate").actual).toBe(1);
  expect(answer.verdict).toBe("NOT_READY");
});

describe("with exposure below 1 and writes in the traffic", () => {
  const sampled = { seen: 2 * REQUESTS, skipped: REQUESTS, skipped_exposure: REQUESTS };
  const different = { ...sampled, parity_match: REQUESTS - 1000, parity_different_rows: 1000 };
  const failed = { mirrored: REQUESTS - 4000, errored: 4000, consecutive_successes: 20_000 };
  const drift = { ...sampled, ...failed, attribution_data_drift: 4000 };
  const mixed = { ...sampled, ...failed, attribution_data_drift: 1000, attribution_compatibility: 3000 };

  test("divergence is INCONCLUSIVE, since the mirror's data drifts by design", () => {
    const answer = judged({ lanes: [laneOf(different)] });
    expect(answer.verdict).toBe("INCONCLUSIVE");
    expect(answer.reasons[0]).toBe(
      "Divergence rate 0.50% exceeds threshold 0.10%, but with exposure 0.50 and writes the mirror's data drifts: 200,000 were skipped by sampling",
    );
  });

  test("errors of drifted data are INCONCLUSIVE, but other errors still fail", () => {
    expect(judged({ lanes: [laneOf(drift)] }).verdict).toBe("INCONCLUSIVE");
    expect(judged({ lanes: [laneOf(mixed)] }).verdict).toBe("NOT_READY");
  });

  test("without writes both are NOT_READY", () => {
    expect(judged({ lanes: [laneOf(different, { mayWrite: false })] }).verdict).toBe("NOT_READY");
    expect(judged({ lanes: [laneOf(drift, { mayWrite: false })] }).verdict).toBe("NOT_READY");
  });

  test("a sample alone warns: it can't vouch for capacity", () => {
    const answer = judged({ lanes: [laneOf(sampled)] });
    expect(answer).toMatchObject({ verdict: "READY", confidence_score: 90 });
    expect(answer.recommendation).toBe("review specific issues, likely safe");
    expect(answer.reasons).toEqual([
      "Exposure 0.50 below minimum 1.00, since 200,000 were skipped by sampling: a sample cannot vouch for capacity",
    ]);
  });

  const causes = {
    skipped_capacity: "for want of mirror connections",
    skipped_paused: "while the mirroring was paused",
    skipped_disabled: "while it was disabled",
  };
  test.for(Object.entries(causes))("%s counts as missed, and the sentence says so", ([name, words]) => {
    const missed = (change: object) => laneOf({ seen: 400_000, skipped: REQUESTS, [name]: REQUESTS, ...change });
    const answer = judged({ lanes: [missed({})] });
    expect(answer).toMatchObject({ verdict: "READY", confidence_score: 90 });
    expect(criterionOf(answer, "exposure")).toMatchObject({ status: "warn", actual: 0.5 });
    expect(answer.reasons[0]).toContain(`since 200,000 were skipped ${words}: `);
    const drifted = judged({ lanes: [missed({ parity_match: REQUESTS - 1000, parity_different_rows: 1000 })] });
    expect(drifted.verdict).toBe("INCONCLUSIVE");
    expect(drifted.reasons[0]).toContain(`200,000 were skipped ${words}`);
    expect(judged({ lanes: [missed(failed), laneOf()] }).verdict).toBe("NOT_READY");
    expect(judged({ lanes: [missed({ ...failed, attribution_data_drift: 4000 })] }).verdict).toBe("INCONCLUSIVE");
  });

  test("requests that are filtered out on purpose are not missed", () => {
    const intended = { skipped: 300, skipped_filter: 200, skipped_replication: 100 };
    const lane = laneOf({ ...intended, parity_match: REQUESTS - 1000, parity_different_rows: 1000 });
    const answer = judged({ lanes: [lane] });
    expect(answer.verdict).toBe("NOT_READY");
    expect(criterionOf(answer, "exposure")).toMatchObject({ status: "pass", actual: 1 });
  });

  test("a sample that misses its share by chance alone doesn't warn", () => {
    const chance = { seen: 400_100, skipped: 200_100, skipped_exposure: 200_100 };
    const answer = judged({ lanes: [laneOf(chance)] }, { min_exposure: "0.5" });
    expect(answer.confidence_score).toBe(100);
  });
});

test("with full exposure divergence is NOT_READY", () => {
  const lane = laneOf({ parity_match: REQUESTS - 1000, parity_different_content: 1000 });
  const answer = judged({ lanes: [lane] });
  expect(answer.verdict).toBe("NOT_READY");
  expect(answer.reasons).toEqual(["Divergence rate 0.50% exceeds threshold 0.10%"]);
});

test("results of which none could be compared show no agreement", () => {
  const lane = laneOf({ parity_match: 0, parity_unverifiable: REQUESTS });
  expect(judged({ lanes: [lane] }).verdict).toBe("INCONCLUSIVE");
  expect(judged({ lanes: [lane] }, { max_divergence_rate: "off" }).verdict).toBe("READY");
});

describe("results that could not be compared", () => {
  const judge = (unverifiable: number, compare: "off" | "rows" | "content" | null, change: object = {}) => {
    const lane = laneOf({ parity_match: REQUESTS - unverifiable, parity_unverifiable: unverifiable, ...change });
    return judged({ lanes: [lane], mirrorings: [mirroringOf({ compare })] });
  };
  const statusOf = (...given: Parameters<typeof judge>) => criterionOf(judge(...given), "divergence_rate").status;

  test("are INCONCLUSIVE above 5 % where rows are compared: only pgsoak and clients bring them about", () => {
    const answer = judge(0.12 * REQUESTS, "rows");
    expect(answer.verdict).toBe("INCONCLUSIVE");
    expect(answer.reasons).toEqual(["12.00% of the results could not be compared, more than 5.00%"]);
    expect(answer.needed.join()).toContain("pgsoak_mirror_sessions_incomplete");
    expect([statusOf(0.05 * REQUESTS, "rows"), statusOf(0.05 * REQUESTS + 1, "off")]).toEqual(["pass", "insufficient"]);
  });

  test("are also those that follow in the transaction of one", () => {
    // Nine transactions of ten, each of twenty requests, whose first one could not be compared.
    const [roots, consequences] = [(0.9 * REQUESTS) / 20, (0.9 * REQUESTS * 19) / 20];
    const answer = judge(roots, "rows", { parity_match: 0.1 * REQUESTS, consequences });
    expect(answer.verdict).toBe("INCONCLUSIVE");
    expect(answer.reasons).toEqual(["90.00% of the results could not be compared, more than 5.00%"]);
  });

  test("warn where contents are compared, since volatile statements are among them", () => {
    expect(judge(0.9 * REQUESTS, "content")).toMatchObject({ verdict: "READY", confidence_score: 100 });
    expect([statusOf(0.9 * REQUESTS, "content"), statusOf(0.05 * REQUESTS, "content")]).toEqual(["warn", "pass"]);
  });

  test("warn above 5 % and are INCONCLUSIVE above a half where the log doesn't say what is compared", () => {
    expect([statusOf(0.5 * REQUESTS, null), statusOf(0.5 * REQUESTS + 1, null)]).toEqual(["warn", "insufficient"]);
  });

  test("never hide a divergence", () => {
    const half = REQUESTS / 2;
    expect(statusOf(half, "rows", { parity_match: half - 1000, parity_different_rows: 1000 })).toBe("fail");
  });
});

describe("the p99 rule", () => {
  const slow = { lanes: [laneOf({}, { mirror: latency({ p99Ms: 4 }) })] };

  test("is advice by default: it warns and costs nothing", () => {
    const answer = judged(slow);
    expect(answer).toMatchObject({ verdict: "READY", confidence_score: 100 });
    const warning = "p99 latency 4.00 ms not below twice the mean, 4.00 ms";
    expect(answer.reasons).toEqual(["All migration criteria met", warning]);
    expect(criterionOf(answer, "p99_latency").status).toBe("warn");
  });

  test("fails when it is told to", () => {
    expect(judged(slow, { mirror_p99_rule: "fail" })).toMatchObject({ verdict: "NOT_READY", confidence_score: 80 });
  });

  test("says nothing when it is off", () => {
    const answer = judged(slow, { mirror_p99_rule: "off" });
    expect(criterionOf(answer, "p99_latency").status).toBe("off");
    expect(answer.reasons).toEqual(["All migration criteria met"]);
  });
});

describe("the latency ratio of a statement", () => {
  const slow = { mirrorP95Ms: 30, primaryP95Ms: 10 };
  const ratio = (change: object) => judged({ statements: [statementOf({ ...slow, ...change })] });

  test("above the threshold and by 5 ms or more is NOT_READY, and names the statement", () => {
    const answer = ratio({ text: "select   *\nfrom t" });
    expect(answer.verdict).toBe("NOT_READY");
    expect(answer.reasons).toEqual([
      "Latency ratio of 1 statement exceeds threshold 1.5: select * from t (p95 30.0 ms instead of 10.0 ms, ratio 3.00)",
    ]);
    expect(answer.metrics.worst_statements).toHaveLength(1);
  });

  test("with fewer than 30 executions can't be evaluated, and changes nothing", () => {
    const answer = ratio({ executions: 29 });
    expect(answer).toMatchObject({ verdict: "READY", confidence_score: 100 });
    expect(criterionOf(answer, "latency_ratio").detail).toContain("cannot be evaluated");
    expect(ratio({ executions: 30 }).verdict).toBe("NOT_READY");
  });

  test("of a window whose statements could not be read can't be evaluated, and the answer says why", () => {
    const detail = (statementsCovered: "all" | "part" | "none", statements = [statementOf()]) =>
      criterionOf(judged({ statementsCovered, statements }), "latency_ratio").detail;
    const cannot = "Latency ratio cannot be evaluated: ";
    expect(detail("none", [])).toBe(`${cannot}the statements could not be read for this window`);
    expect(detail("part", [])).toBe(`${cannot}the statements could not be read for all of this window`);
    expect(detail("all", [])).toBe(`${cannot}no statement has 30 executions on both sides`);
    expect(detail("part")).toBe("Latency ratio of 1 statement within threshold 1.5");
  });

  test("by less than 5 ms is no regression", () => {
    expect(ratio({ mirrorP95Ms: 4.99, primaryP95Ms: 0 }).verdict).toBe("READY");
    expect(ratio({ mirrorP95Ms: 5, primaryP95Ms: 0 }).verdict).toBe("NOT_READY");
  });

  test("of exactly the threshold is none", () => {
    expect(ratio({ mirrorP95Ms: 15, primaryP95Ms: 10 }).verdict).toBe("READY");
  });

  test("of four statements names three", () => {
    const statements = [1, 2, 3, 4].map((n) => statementOf({ ...slow, fingerprint: `f${n}`, text: `select ${n}` }));
    expect(judged({ statements }).reasons[0]).toMatch(/^Latency ratio of 4 statements .*; and 1 more$/);
  });

  test("that is above the threshold but less than 5 ms apart is met, and says why", () => {
    const statements = [statementOf({ executions: 30, mirrorP95Ms: 5, primaryP95Ms: 3 })];
    expect(criterionOf(judged({ statements }), "latency_ratio")).toMatchObject({
      status: "pass",
      detail: "Latency ratio of 1 statement within threshold 1.5, or less than 5 ms apart",
    });
  });
});

describe("exactly on a threshold is met, and one step beyond is not", () => {
  const lane = (counts: object, change: object = {}) => ({ lanes: [laneOf(counts, change)] });
  const observed = (observedSeconds: number) => ({ mirrorings: [mirroringOf({ observedSeconds })] });
  const steps: Record<string, readonly [on: object, beyond: object]> = {
    consecutive_successes: [lane({ consecutive_successes: 10_000 }), lane({ consecutive_successes: 9999 })],
    mean_latency: [
      lane({}, { mirror: latency({ meanMs: 1000 }) }),
      lane({}, { mirror: latency({ meanMs: 1000.001 }) }),
    ],
    runtime: [observed(82_080), observed(82_079.999999)],
    requests: [lane({ selected: 100_000 }), lane({ selected: 99_999 })],
    divergence_rate: [
      lane({ parity_match: 999, parity_different_error: 1 }),
      lane({ parity_match: 998, parity_primary_failed: 1 }),
    ],
    drop_rate: [lane({ selected: 1000, dropped: 10 }), lane({ selected: 999, dropped: 10 })],
  };
  test.for(Object.entries(steps))("%s", ([name, [on, beyond]]) => {
    expect(criterionOf(judged(on), name).status).toBe("pass");
    expect(criterionOf(judged(beyond), name).status).not.toBe("pass");
  });

  test("error_rate: a rate of exactly 1 % is no failure, but its upper bound is not shown", () => {
    const status = (errored: number) =>
      criterionOf(judged(lane({ mirrored: 10_000 - errored, errored })), "error_rate").status;
    expect([status(100), status(101)]).toEqual(["insufficient", "fail"]);
  });

  test("error_rate: 300 requests without an error show 1 %, 299 don't", () => {
    const status = (mirrored: number) => criterionOf(judged(lane({ mirrored })), "error_rate").status;
    expect([status(300), status(299)]).toEqual(["pass", "insufficient"]);
  });
});

test("rates that look alike are written with as many digits as tell them apart", () => {
  const lane = laneOf({ mirrored: 989_999, errored: 10_001 });
  expect(judged({ lanes: [lane] }).reasons[0]).toBe("Error rate 1.0001% exceeds threshold 1.0000%");
});

test("each criterion can be off, and is then not judged", () => {
  const settings = Object.keys(ALL_OFF).filter((name) => !["min_observed", "expires_after"].includes(name));
  const failed = { mirrored: 10, errored: 10, dropped: 10, consecutive_successes: 0, parity_different_rows: 10 };
  const sick = { lanes: [laneOf(failed)], mirrorings: [mirroringOf({ observedSeconds: 0 })] };
  for (const setting of settings) {
    const criterion = judged(sick, { [setting]: "off" }).criteria.find((each) => each.setting === setting);
    expect([setting, criterion?.status]).toEqual([setting, "off"]);
  }
  expect(judged(sick, ALL_OFF)).toMatchObject({ verdict: "READY", confidence_score: 100, expires_at: null });
});

test("under NOT_READY or INCONCLUSIVE nothing recommends to migrate, whatever the score", () => {
  const slow = judged({ lanes: [laneOf({}, { mirror: latency({ meanMs: 2000 }) })] });
  expect(slow).toMatchObject({ verdict: "NOT_READY", confidence_score: 80, band: "Confident" });
  expect(slow.recommendation).toBe("address issues before migration");
  const unbalanced = judged({ lanes: [laneOf({}, { residue: 1 })] });
  expect(unbalanced).toMatchObject({ confidence_score: 100, recommendation: "keep observing" });
});

test("the totals add up over databases, and an idle primary has no latency", () => {
  const lanes = [laneOf(), laneOf({}, { database: "shop" })];
  const { metrics } = judged({ lanes, total: { mirror: latency(), primary: null } });
  expect(metrics.total_requests).toBe(2 * countersOf().selected);
  expect(metrics.databases.map(({ database }) => database)).toEqual(["app", "shop"]);
  expect(metrics.latency).toEqual({
    mirror: { avg_ms: 2, p50_ms: 1.9, p95_ms: 2.8, p99_ms: 3, max_ms: 9 },
    primary: null,
  });
});

test("the evidence of a mirroring is shown from where it begins", () => {
  expect(judged().metrics.mirrorings).toEqual([
    {
      mirroring: "pg18",
      evidence_from: new Date(FROM / 1000).toISOString().replace("Z", "000Z"),
      epoch: null,
      observed_hours: 24,
      observed_share: 1,
      longest_gap: null,
      total_requests: REQUESTS,
      exposure: 1,
    },
  ]);
});
