// The latencies of each lane's mirrored requests since the log began, counted in the few fixed buckets of the exported
// histograms. No reset touches them, so that they never go back. The windows' own histograms are finer: see histogram.ts.

import type { Database, Statement } from "better-sqlite3";
import type { EventOf, MirrorEvent } from "../events/event.ts";
import type { Fold } from "../events/fold.ts";

/** What is timed: the mirror, the primary, and how long the request waited in the mirror queue. */
const TIMED = ["mirror", "primary", "wait"] as const;
export type Timed = (typeof TIMED)[number];

/** Upper bounds of the buckets in microseconds, which belong to them; one more bucket holds what is above the last. */
export const LATENCY_BOUNDS_US = [
  500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
  30_000_000,
] as const;

/** The cells of one histogram: its buckets, the one above all bounds, the sum in microseconds. */
const CELLS = LATENCY_BOUNDS_US.length + 2;
const COLUMNS = TIMED.flatMap((timed) => [
  ...LATENCY_BOUNDS_US.map((us) => `${timed}_le_${us}us`),
  `${timed}_over`,
  `${timed}_sum_us`,
]);

export interface LatencyTotal {
  /** By bucket, each request in one: one for each of LATENCY_BOUNDS_US, and one for what is above. */
  readonly counts: readonly number[];
  readonly sumUs: number;
}

export type LatencyTotals = Readonly<Record<Timed, LatencyTotal>>;

type Row = number[];

function addTime(row: Row, index: number, us: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS_US.length && us > LATENCY_BOUNDS_US[bucket]!) bucket++;
  const first = index * CELLS;
  row[first + bucket]!++;
  row[first + CELLS - 1]! += us;
}

function totalsOf(row: Row): LatencyTotals {
  const total = (index: number): LatencyTotal => {
    const cells = row.slice(index * CELLS, (index + 1) * CELLS);
    return { counts: cells.slice(0, -1), sumUs: cells.at(-1)! };
  };
  return { mirror: total(0), primary: total(1), wait: total(2) };
}

const blankRow = (): Row => COLUMNS.map(() => 0);

/** The totals of a lane that has none. */
export const blankLatencyTotals = (): LatencyTotals => totalsOf(blankRow());

/** By lane; inside the caller's transaction. */
export function readLatencyTotals(db: Database): Map<number, LatencyTotals> {
  return new Map([...readRows(db, "latency_totals")].map(([lane, row]) => [lane, totalsOf(row)]));
}

function readRows(db: Database, table: string): Map<number, Row> {
  const select = db.prepare<[], Row>(`select lane, ${COLUMNS.join(", ")} from ${table}`).raw();
  return new Map(select.all().map(([lane = 0, ...row]) => [lane, row]));
}

class LatencyTotalsFold implements Fold {
  readonly name = "latency_totals";
  readonly version = 1;
  readonly tables: readonly [string];
  #rows: (Row | undefined)[] = []; // ids of lanes are small and dense
  readonly #changed = new Set<number>();
  #upsert: Statement | null = null;

  constructor(prefix: string) {
    this.tables = [`${prefix}latency_totals`];
  }

  clear(db: Database): void {
    db.exec(`delete from ${this.tables[0]}`);
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    for (const [lane, row] of readRows(db, this.tables[0])) this.#rows[lane] = row;
  }

  apply(event: MirrorEvent): void {
    switch (event.kind) {
      case "mirrored":
        this.#add(event);
        return;
      case "errored": // how long an error took says how it failed, not how fast the mirror is
      case "queued":
      case "dropped":
      case "tallied":
      case "skipped":
      case "unrecorded":
      case "run_started":
      case "run_stopped":
      case "observation_changed":
      case "epoch_started":
      case "marked":
      case "counters_reset":
      case "mirror_seen":
      case "idled":
        return;
    }
  }

  save(db: Database): void {
    if (this.#changed.size === 0) return;
    if (this.#upsert?.database !== db) {
      const values = COLUMNS.map(() => "?").join(", ");
      const names = `lane, ${COLUMNS.join(", ")}`;
      this.#upsert = db.prepare(`insert or replace into ${this.tables[0]} (${names}) values (?, ${values})`);
    }
    for (const lane of this.#changed) this.#upsert.run(lane, this.#rows[lane]);
    this.#changed.clear();
  }

  #add({ lane, mirrorUs, primaryUs, waitUs }: EventOf<"mirrored">): void {
    const row = (this.#rows[lane] ??= blankRow());
    addTime(row, 0, mirrorUs);
    addTime(row, 1, primaryUs);
    addTime(row, 2, waitUs);
    this.#changed.add(lane);
  }

  #forget(): void {
    this.#rows = [];
    this.#changed.clear();
  }
}

/** The fold behind the exported latency histograms. */
export function createLatencyTotals(prefix = ""): Fold {
  return new LatencyTotalsFold(prefix);
}
