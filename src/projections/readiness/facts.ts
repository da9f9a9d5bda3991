// Everything that a verdict about a window is made from, and nothing else: no clock, no configuration, no live state. Times
// are microseconds since the Unix epoch, latencies milliseconds.

import type { Compare } from "../../config/config.ts";
import type { RollupCounters } from "../rollup-counters.ts";

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Of mirrored requests; quantiles are within 1.1 %. */
export interface LatencyFacts {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface BothLatencies {
  /** Null without a sample. */
  readonly mirror: LatencyFacts | null;
  readonly primary: LatencyFacts | null;
}

/** One mirroring × database, from where the evidence of its mirroring begins to the window's end. */
export interface LaneFacts extends BothLatencies {
  readonly mirroring: string;
  readonly database: string;
  readonly counters: Readonly<RollupCounters>;
  /** Requests that the books can't explain. */
  readonly residue: number;
  /** Whether a statement that was mirrored writes, or may for all that is known. */
  readonly mayWrite: boolean;
}

interface EpochFacts {
  readonly at: number;
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly who: string;
}

interface GapFacts extends Span {
  readonly cause: string;
}

/** One mirroring that was configured at the window's end, with or without traffic. */
export interface MirroringFacts {
  readonly mirroring: string;
  /** The window's beginning, or the last epoch in it. */
  readonly evidenceFrom: number;
  /** The last epoch in the window; null for none. */
  readonly epoch: EpochFacts | null;
  /** Since `evidenceFrom`. */
  readonly observedSeconds: number;
  /** In the whole window; null for none. */
  readonly longestGap: GapFacts | null;
  /** False: its last run mirrors without recording. */
  readonly isRecording: boolean;
  /** How results were compared at the window's end; null: the log doesn't say. */
  readonly compare: Compare | null;
}

/** The requests of one mirroring that have gone well in a row up to the window's end. */
export interface ChainFacts {
  readonly mirroring: string;
  readonly successes: number;
  /** The database whose failure was the last one; null for none since `evidenceFrom`. */
  readonly brokenBy: string | null;
}

/** One statement of one lane. */
export interface StatementFacts {
  readonly mirroring: string;
  readonly database: string;
  readonly fingerprint: string;
  /** Normalised: no literals, no parameters. */
  readonly text: string;
  /** Requests that ended. */
  readonly calls: number;
  readonly errored: number;
  readonly dropped: number;
  readonly divergent: number;
  /** Requests that both sides have a latency of. */
  readonly executions: number;
  readonly mirrorP95Ms: number | null;
  readonly primaryP95Ms: number | null;
  /** By SQLSTATE, or by category where there is none. */
  readonly errors: Readonly<Record<string, number>>;
  /** By the same, the first message that was seen; redacted. */
  readonly messages: Readonly<Record<string, string>>;
}

/** From all to nothing. */
export const STATEMENTS_COVERED = ["all", "part", "none"] as const;
export type StatementsCovered = (typeof STATEMENTS_COVERED)[number];

export interface ReadinessFacts {
  readonly window: Span;
  /** When the log began; null for an empty one. */
  readonly since: number | null;
  /** The part of the window that the numbers cover; null when nothing of it is known any more. */
  readonly covered: Span | null;
  /** `exact`, or the length of the buckets that the window's edges had to be cut at. */
  readonly resolution: string;
  /** The same of `statements`, whose buckets are coarser. */
  readonly statementsResolution: string;
  /** Of how much of the window `statements` are. */
  readonly statementsCovered: StatementsCovered;
  /** Requests that were seen, but lost to the log, as far as their number is known. */
  readonly unrecorded: number;
  /** By name. */
  readonly mirrorings: readonly MirroringFacts[];
  /** By mirroring, then database; those without a request are left out. */
  readonly lanes: readonly LaneFacts[];
  /** One for each mirroring with requests. */
  readonly chains: readonly ChainFacts[];
  /** Over all lanes. */
  readonly total: BothLatencies;
  readonly statements: readonly StatementFacts[];
}
