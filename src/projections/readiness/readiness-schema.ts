// The shape of the answer: of GET /readiness, of `pgsoak readiness --format json`, and of what every report is made from.

import { z } from "zod";
import { ATTRIBUTIONS, DROP_REASONS, PARITIES, SKIP_REASONS } from "../../events/event.ts";
import { ERROR_TYPES } from "../columns.ts";
import { STATUSES } from "./status.ts";
import { VERDICTS } from "./verdict.ts";

const count = z.int().nonnegative();
const moment = z.iso.datetime();
const share = z.number().nullable();
const latency = z
  .object({ avg_ms: z.number(), p50_ms: z.number(), p95_ms: z.number(), p99_ms: z.number(), max_ms: z.number() })
  .nullable();
const latencies = z.object({ mirror: latency, primary: latency });

const criterionSchema = z.object({
  name: z.string(),
  /** Under which the threshold can be overridden; null: it can't. */
  setting: z.string().nullable(),
  status: z.enum(STATUSES),
  actual: z.number().nullable(),
  threshold: z.number().nullable(),
  /** Where the worst was found; null: everywhere. */
  mirroring: z.string().nullable(),
  database: z.string().nullable(),
  detail: z.string(),
  /** What the score loses when it is not met; criteria of one group lose it together. */
  weight: count,
});

const mirroringSchema = z.object({
  mirroring: z.string(),
  evidence_from: moment,
  epoch: z.object({ at: moment, what: z.string(), before: z.string(), after: z.string(), who: z.string() }).nullable(),
  observed_hours: z.number(),
  observed_share: z.number(),
  longest_gap: z.object({ from: moment, to: moment, seconds: z.number(), cause: z.string() }).nullable(),
  total_requests: count,
  exposure: share,
});

const laneSchema = z.object({
  mirroring: z.string(),
  database: z.string(),
  error_rate: share,
  success_rate: share,
  divergence_rate: share,
  total_requests: count,
  consecutive_successes: count,
  latency: latencies,
});

const statementSchema = z.object({
  mirroring: z.string(),
  database: z.string(),
  fingerprint: z.string(),
  statement: z.string(),
  calls: count,
  errored: count,
  dropped: count,
  divergent: count,
  mirror_p95_ms: z.number().nullable(),
  primary_p95_ms: z.number().nullable(),
  errors: z.record(z.string(), count),
});

const metricsSchema = z.object({
  error_rate: share,
  success_rate: share,
  divergence_rate: share,
  drop_rate: share,
  latency: latencies,
  /** Of the mirroring that was observed least. */
  observed_hours: z.number(),
  observed_share: z.number(),
  total_requests: count,
  /** Of the mirroring and database that has the fewest. */
  consecutive_successes: count,
  requests: z.object({
    seen: count,
    skipped: count,
    selected: count,
    mirrored: count,
    errored: count,
    dropped: count,
    unrecorded: count,
  }),
  cascades: count,
  errors: z.record(z.enum(ERROR_TYPES), count),
  attribution: z.record(z.enum(ATTRIBUTIONS), count),
  parity: z.record(z.enum(PARITIES), count),
  dropped: z.record(z.enum(DROP_REASONS), count),
  skipped: z.record(z.enum(SKIP_REASONS), count),
  unaccounted: count,
  mirrorings: z.array(mirroringSchema),
  databases: z.array(laneSchema),
  worst_statements: z.array(statementSchema),
});

export const readinessSchema = z.object({
  verdict: z.enum(VERDICTS),
  ready: z.boolean(),
  confidence_score: z.number().min(0).max(100),
  band: z.string(),
  recommendation: z.string(),
  from: moment,
  to: moment,
  /** Null: it doesn't. */
  expires_at: moment.nullable(),
  /** `exact`, or the length of the buckets that the answer rests on. */
  resolution: z.string(),
  /** The same of the statements. */
  statements_resolution: z.string(),
  policy: z.record(z.string(), z.union([z.number(), z.string()])),
  criteria: z.array(criterionSchema),
  reasons: z.array(z.string()),
  needed: z.array(z.string()),
  metrics: metricsSchema,
});

export type ReadinessCriterion = z.infer<typeof criterionSchema>;
export type ReadinessMetrics = z.infer<typeof metricsSchema>;
export type Readiness = z.infer<typeof readinessSchema>;
