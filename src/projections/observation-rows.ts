// The tables of the observation ledger as they are stored; migrations/0004-observations.ts explains them.

/** What a mirroring was doing; the first two count as observing. */
export type RowState = "observing" | "degraded" | "paused" | "mirror_down" | "stopped" | "not_configured" | "disabled";

/** What the mirror itself was, also while a pause hides it. */
export type MirrorState = "observing" | "degraded" | "mirror_down";

/**
/**
 * Why nothing is known of any mirroring in a span: the process died, the log could not be written, it lost count, the process
 * stood still while the wall clock went on, or a session could not be followed.
 */
export type OutageCause = "crash" | "write_failed" | "ring_full" | "standstill" | "unwatched";

export interface ObservationRow {
  readonly mirroring: string;
  /** Microseconds since the Unix epoch. */
  readonly from_us: number;
  /** Null: it lasts. */
  readonly to_us: number | null;
  readonly state: RowState;
  readonly mirror: MirrorState;
}

export interface ObservationGapRow {
  readonly seq: number;
  readonly from_us: number;
  readonly to_us: number;
  readonly cause: OutageCause;
}

/** For `kysely.withTables`. */
export type ObservationTables = {
  observation: ObservationRow;
  observation_gap: ObservationGapRow;
};
