// Columns that stand for the values of the event union's enumerations. A new parity or reason does not compile until it
// has a column.

import type { Attribution, DropReason, Parity, SkipReason } from "../events/event.ts";

/** Types of mirror errors as the counters know them: a full queue is one beside the categories of `errored`. */
export const ERROR_TYPES = ["connection", "query", "timeout", "buffer_full"] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

export const ERROR_COLUMN = {
  connection: "errors_connection",
  query: "errors_query",
  timeout: "errors_timeout",
  buffer_full: "errors_buffer_full",
} as const satisfies Record<ErrorType, string>;

export const PARITY_COLUMN = {
  match: "parity_match",
  both_failed: "parity_both_failed",
  mirror_failed: "parity_mirror_failed",
  primary_failed: "parity_primary_failed",
  different_error: "parity_different_error",
  different_rows: "parity_different_rows",
  different_content: "parity_different_content",
  unverifiable: "parity_unverifiable",
} as const satisfies Record<Parity, string>;

export const SKIPPED_COLUMN = {
  exposure: "skipped_exposure",
  filter: "skipped_filter",
  capacity: "skipped_capacity",
  replication: "skipped_replication",
  paused: "skipped_paused",
  disabled: "skipped_disabled",
} as const satisfies Record<SkipReason, string>;

export const DROPPED_COLUMN = {
  buffer_full: "dropped_buffer_full",
  session_closed: "dropped_session_closed",
  shutdown: "dropped_shutdown",
  interrupted: "dropped_interrupted",
} as const satisfies Record<DropReason, string>;

export const ATTRIBUTION_COLUMN = {
  compatibility: "attribution_compatibility",
  data_drift: "attribution_data_drift",
  ordering: "attribution_ordering",
  capacity: "attribution_capacity",
  plumbing: "attribution_plumbing",
  timeout: "attribution_timeout",
  other: "attribution_other",
  cascade: "attribution_cascade",
} as const satisfies Record<Attribution, string>;

// The same as counters that have counted nothing, for the rows that have them.

export const PARITY_COUNTERS = {
  parity_match: 0,
  parity_both_failed: 0,
  parity_mirror_failed: 0,
  parity_primary_failed: 0,
  parity_different_error: 0,
  parity_different_rows: 0,
  parity_different_content: 0,
  parity_unverifiable: 0,
} satisfies Record<(typeof PARITY_COLUMN)[Parity], number>;

export const SKIPPED_COUNTERS = {
  skipped_exposure: 0,
  skipped_filter: 0,
  skipped_capacity: 0,
  skipped_replication: 0,
  skipped_paused: 0,
  skipped_disabled: 0,
} satisfies Record<(typeof SKIPPED_COLUMN)[SkipReason], number>;

export const DROPPED_COUNTERS = {
  dropped_buffer_full: 0,
  dropped_session_closed: 0,
  dropped_shutdown: 0,
  dropped_interrupted: 0,
} satisfies Record<(typeof DROPPED_COLUMN)[DropReason], number>;
