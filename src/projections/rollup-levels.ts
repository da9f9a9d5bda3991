// The resolutions of rollups, finest first, and how long each is kept. Every bucket lies in one bucket of the next level.
// Where a window begins, raw events are read up to the next bucket that is kept: so that of a week, the longest window that
// is asked for every day, ten seconds and ten minutes are kept, with a day to spare. Days keep its middle short.

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;

export interface RollupLevel {
  /** Without a prefix. */
  readonly table: string;
  /** As people write it. */
  readonly resolution: string;
  /** Length of a bucket, microseconds. */
  readonly us: number;
  /** How long a bucket is kept, by the time of the log. */
  readonly keptUs: number;
}

const level = (table: string, resolution: string, us: number, keptUs: number): RollupLevel => {
  return { table, resolution, us, keptUs };
};

export const ROLLUP_LEVELS: readonly RollupLevel[] = [
  level("rollup_1s", "1s", SECOND_US, HOUR_US),
  level("rollup_10s", "10s", 10 * SECOND_US, 8 * DAY_US),
  level("rollup_1m", "1m", MINUTE_US, 90 * DAY_US),
  level("rollup_1h", "1h", HOUR_US, Number.POSITIVE_INFINITY),
  level("rollup_1d", "1d", DAY_US, Number.POSITIVE_INFINITY),
];

export const STATEMENT_LEVELS: readonly RollupLevel[] = [
  level("statement_rollup_10m", "10m", 10 * MINUTE_US, 8 * DAY_US),
  level("statement_rollup_1h", "1h", HOUR_US, 90 * DAY_US),
  level("statement_rollup_1d", "1d", DAY_US, 90 * DAY_US),
];

/** The beginning of the bucket of `us` microseconds that holds the moment. */
export function bucketStart(at: number, us: number): number {
  return Math.floor(at / us) * us;
}
