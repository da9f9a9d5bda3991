// The facts that pgsoak remembers. Events are past-tense, immutable and append-only; everything else is folded from them.
//
// Strings that repeat are dictionary ids: `lane` names a mirroring × database pair, `statement` a normalised statement
// (0 = none or not kept). The dictionaries stand beside the event table in the same file and are append-only too.

import { z } from "zod";

/** How the two sides' results compare. The order is stored on disk: append only. */
export const PARITIES = [
  "match",
  "both_failed",
  "mirror_failed",
  "primary_failed",
  "different_error",
  "different_rows",
  "different_content",
  "unverifiable",
] as const;

/** What kind of failure the mirror had. The order is stored on disk: append only. */
export const ERROR_CATEGORIES = ["connection", "query", "timeout"] as const;

/** Why it failed, for people. The order is stored on disk: append only. */
export const ATTRIBUTIONS = [
  "compatibility",
  "data_drift",
  "ordering",
  "capacity",
  "plumbing",
  "timeout",
  "other",
  "cascade",
] as const;

/** Why a selected request was given up. The order is stored on disk: append only. */
export const DROP_REASONS = ["buffer_full", "session_closed", "shutdown", "interrupted"] as const;

/** Why a request was never selected. The order is stored on disk: append only. */
export const SKIP_REASONS = ["exposure", "filter", "capacity", "replication", "paused", "disabled"] as const;

/**
 * What can be said about a mirroring between two runs' ends. `paused` holds until `resumed`, whatever the mirror does
 * meanwhile; `mirror_down` holds until `observing`, `degraded` until that or `recovered`. A run begins with all of its mirrorings observing.
 */
export const OBSERVATION_STATES = ["observing", "paused", "mirror_down", "degraded", "resumed", "recovered"] as const;

export type Parity = (typeof PARITIES)[number];
export type ErrorCategory = (typeof ERROR_CATEGORIES)[number];
export type Attribution = (typeof ATTRIBUTIONS)[number];
export type DropReason = (typeof DROP_REASONS)[number];
export type SkipReason = (typeof SKIP_REASONS)[number];
export type ObservationState = (typeof OBSERVATION_STATES)[number];

const id = z.int().nonnegative();
const us = z.int().nonnegative();
const count = z.int().nonnegative();
/** Position in the log (from 1, no reuse) and the wall clock in microseconds since the Unix epoch. */
const placed = { seq: z.int().positive(), at: z.int() };
/** One selected request; `request` is unique within its run. */
const requested = { request: id, lane: id, statement: id };
const timed = { mirrorUs: us, primaryUs: us, waitUs: us };

const queued = z
  .object({ kind: z.literal("queued"), ...placed, ...requested, run: id, session: id, bytes: count })
  .readonly();

const mirrored = z
  .object({
    kind: z.literal("mirrored"),
    ...placed,
    ...requested,
    ...timed,
    rows: count,
    parity: z.enum(PARITIES),
    /** The request of the same transaction that this outcome is a consequence of. */
    root: id.nullable(),
  })
  .readonly();

const errored = z
  .object({
    kind: z.literal("errored"),
    ...placed,
    ...requested,
    ...timed,
    category: z.enum(ERROR_CATEGORIES),
    attribution: z.enum(ATTRIBUTIONS),
    /** Five characters, or "" when the server gave none or the failure is not the server's. */
    sqlstate: z.string(),
    /** Redacted: never a literal, a parameter or a password. */
    message: z.string(),
    root: id.nullable(),
  })
  .readonly();

const dropped = z
  .object({
    kind: z.literal("dropped"),
    ...placed,
    ...requested,
    reason: z.enum(DROP_REASONS),
    /** Whether a `queued` event went before; a request that finds the queue full has none. */
    wasQueued: z.boolean(),
  })
  .readonly();

const tallied = z.object({ kind: z.literal("tallied"), ...placed, lane: id, seen: count }).readonly();

const skipped = z
  .object({ kind: z.literal("skipped"), ...placed, lane: id, reason: z.enum(SKIP_REASONS), count })
  .readonly();

/** Texts by name, bounded by whoever writes the event. */
const facts = z.record(z.string(), z.string()).readonly();

const runMirroring = z
  .object({
    name: z.string(),
    /** A change of any of them between two runs begins an epoch. */
    settings: facts,
    /** The share of traffic that it was to mirror when the run began, 0 to 1. */
    exposure: z.number().min(0).max(1),
  })
  .readonly();

const runStarted = z
  .object({
    kind: z.literal("run_started"),
    ...placed,
    run: id,
    version: z.string(),
    host: z.string(),
    configHash: z.string(),
    /** Every mirroring that the run has. */
    mirrorings: z.array(runMirroring).readonly(),
    /** False: `mirror_metrics_enabled = false`, traffic is mirrored and nothing is recorded. */
    metricsEnabled: z.boolean(),
  })
  .readonly();

const runStopped = z.object({ kind: z.literal("run_stopped"), ...placed, run: id }).readonly();

const observationChanged = z
  .object({
    kind: z.literal("observation_changed"),
    ...placed,
    mirroring: z.string(),
    state: z.enum(OBSERVATION_STATES),
    cause: z.string(),
  })
  .readonly();

const unrecorded = z
  .object({
    kind: z.literal("unrecorded"),
    ...placed,
    /** Where the requests belong; null when that is not known (a crash). */
    lane: id.nullable(),
    from: z.int(),
    to: z.int(),
    /** Requests seen but lost to the log; null when nobody can know. */
    requests: count.nullable(),
    cause: z.enum(["ring_full", "write_failed", "crash", "standstill", "unwatched"]),
  })
  .readonly();

const epochStarted = z
  .object({
    kind: z.literal("epoch_started"),
    ...placed,
    /** Whose older evidence is worthless now; null: everybody's. */
    mirroring: z.string().nullable(),
    /** The setting or fact that changed, or a person's reason. */
    what: z.string(),
    /** Both are "" when a person said so. */
    before: z.string(),
    after: z.string(),
    who: z.string(),
  })
  .readonly();

const marked = z.object({ kind: z.literal("marked"), ...placed, text: z.string(), who: z.string() }).readonly();

const countersReset = z.object({ kind: z.literal("counters_reset"), ...placed, who: z.string() }).readonly();

const mirrorSeen = z
  .object({
    kind: z.literal("mirror_seen"),
    ...placed,
    mirroring: z.string(),
    /** Null: of the server as a whole. */
    database: z.string().nullable(),
    /** What the mirror said about itself, only what was not known already. */
    facts,
  })
  .readonly();

/** The recorder was alive and had nothing to write for a while: without it an idle night could not be told from a dead one. */
const idled = z.object({ kind: z.literal("idled"), ...placed }).readonly();

/** Every event there is. A new kind does not compile until each fold has an answer for it. */
export const mirrorEventSchema = z.discriminatedUnion("kind", [
  queued,
  mirrored,
  errored,
  dropped,
  tallied,
  skipped,
  runStarted,
  runStopped,
  observationChanged,
  unrecorded,
  epochStarted,
  marked,
  countersReset,
  mirrorSeen,
  idled,
]);

export type RunMirroring = z.infer<typeof runMirroring>;
export type Facts = z.infer<typeof facts>;
export type MirrorEvent = z.infer<typeof mirrorEventSchema>;
export type EventKind = MirrorEvent["kind"];
export type EventOf<K extends EventKind> = Extract<MirrorEvent, { kind: K }>;

type Unplaced<E> = E extends MirrorEvent ? Omit<E, "seq"> : never;
/** An event that the log has not numbered yet. */
export type NewEvent = Unplaced<MirrorEvent>;
