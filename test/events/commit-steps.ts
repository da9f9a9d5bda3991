// The steps of one commit of the log, as occasions of a temporary trigger.

/** So small that the fourth batch completes a range. */
export const SEAL_EVENTS = 5;

export const COMMIT_STEPS = [
  ["before its first event", "before insert on event"],
  ["behind its last event", "after insert on event when new.kind = 4"],
  ["while the projections are saved", "before insert on mirror_stats"],
  ["while the requests in flight are saved", "after insert on in_flight"],
  ["before the positions are saved", "before insert on fold_position"],
  ["while the names are saved", "before insert on lane"],
  ["while a range is sealed", "before insert on seal"],
  ["behind its last statement", "after insert on seal_open"],
  ["behind its commit", "committed"],
] as const;
