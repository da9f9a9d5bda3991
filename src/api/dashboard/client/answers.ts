// What the page reads of the API's answers. The schemas of the API are the authority; a test has the compiler compare them.

export type Verdict = "READY" | "NOT_READY" | "INCONCLUSIVE";
export type CriterionStatus = "off" | "pass" | "warn" | "insufficient" | "fail";

interface Coverage {
  readonly from: string;
  readonly to: string;
  readonly covered: { readonly from: string; readonly to: string } | null;
  readonly resolution: string;
  readonly seq: number;
}

export interface CriterionAnswer {
  readonly name: string;
  readonly status: CriterionStatus;
  readonly actual: number | null;
  readonly threshold: number | null;
  readonly mirroring: string | null;
  readonly database: string | null;
  readonly detail: string;
}

interface LatencyOfSide {
  readonly avg_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

export interface ReadinessAnswer {
  readonly verdict: Verdict;
  readonly confidence_score: number;
  readonly band: string;
  readonly recommendation: string;
  readonly from: string;
  readonly to: string;
  readonly expires_at: string | null;
  readonly resolution: string;
  readonly criteria: readonly CriterionAnswer[];
  readonly reasons: readonly string[];
  readonly needed: readonly string[];
  readonly metrics: {
    readonly error_rate: number | null;
    readonly divergence_rate: number | null;
    readonly latency: { readonly mirror: LatencyOfSide | null; readonly primary: LatencyOfSide | null };
    readonly observed_hours: number;
    readonly observed_share: number;
    readonly total_requests: number;
    readonly consecutive_successes: number;
    readonly requests: { readonly seen: number; readonly errored: number; readonly dropped: number };
    readonly cascades: number;
  };
}

export interface LatencyAnswer {
  readonly mean_ms: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
}

export interface HistoryPoint {
  readonly from: string;
  readonly to: string;
  readonly in_flight: number | null;
  readonly peak_in_flight: number | null;
  readonly skipped: number | null;
  readonly mirrored: number | null;
  readonly errored: number | null;
  readonly dropped: number | null;
  readonly errors: Readonly<Record<"connection" | "query" | "timeout" | "buffer_full", number | null>>;
  readonly latency: { readonly mirror: LatencyAnswer; readonly primary: LatencyAnswer };
}

export interface HistoryAnswer extends Coverage {
  readonly step_seconds: number;
  readonly points: readonly HistoryPoint[];
}

export interface GapAnswer {
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  readonly cause: string;
}

export interface ObservationsAnswer {
  readonly from: string;
  readonly to: string;
  readonly mirrorings: readonly {
    readonly mirroring: string;
    readonly observed_seconds: number;
    readonly observed_share: number;
    readonly gaps_total: number;
    readonly gaps: readonly GapAnswer[];
  }[];
}

export interface MarkersAnswer {
  readonly markers: readonly { readonly at: string; readonly text: string; readonly who: string }[];
}

export interface EpochsAnswer {
  readonly epochs: readonly {
    readonly at: string;
    readonly mirroring: string | null;
    readonly what: string;
    readonly before: string;
    readonly after: string;
    readonly who: string;
  }[];
}

export interface StatementAnswer {
  readonly fingerprint: string;
  readonly statement: string;
  readonly calls: number;
  readonly mirrored: number;
  readonly errored: number;
  readonly dropped: number;
  readonly cascades: number;
  readonly divergences: number;
  readonly errors: readonly { readonly code: string; readonly count: number; readonly sample: string }[];
  readonly parity: Readonly<Record<string, number>>;
  readonly latency: { readonly mirror: LatencyAnswer; readonly primary: LatencyAnswer };
  readonly latency_ratio: number | null;
  readonly places: readonly {
    readonly mirroring: string;
    readonly database: string;
    readonly calls: number;
    readonly errored: number;
    readonly dropped: number;
    readonly divergences: number;
  }[];
}

export interface StatementsAnswer extends Coverage {
  readonly statements_total: number;
  readonly statements: readonly StatementAnswer[];
  readonly other: { readonly calls: number; readonly errored: number; readonly dropped: number } | null;
}

export interface StatusAnswer {
  /** Null while the log can't be read. */
  readonly seq: number | null;
  readonly recording: "ok" | "broken";
  readonly recording_cause: string;
  readonly log: "checking" | "ok" | "damaged";
  readonly log_damage: string;
  readonly rebuilding: { readonly projection: string; readonly done: number; readonly of: number } | null;
  readonly clients: number;
  readonly requests: { readonly seen: number; readonly mirrored: number } | null;
  readonly mirrorings: readonly {
    readonly mirroring: string;
    readonly state: string;
    readonly healthy: boolean;
    readonly queue_depth: number;
    readonly queue_slots: number;
    readonly queue_bytes: number;
    readonly connections: number;
  }[];
}
