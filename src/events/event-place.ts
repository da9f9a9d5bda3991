// Where an event stands in the log.

export interface EventPlace {
  readonly seq: number;
  /** Its time as the log has it, microseconds since the Unix epoch. */
  readonly at: number;
}
