// Reads MirrorStats, the balances, the latencies and the open requests of one committed snapshot: all numbers belong to the same
// position of the log, so the law of conservation can be checked on them.

import type { Kysely } from "kysely";
import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import type { LogTables } from "../events/tables.ts";
import { blankLatencyTotals, type LatencyTotals, readLatencyTotals } from "./latency-totals.ts";
import { blankBalanceRow, NO_LANE, type BalanceRow } from "./ledger-balance.ts";
import { ALL_LANES } from "./stats.ts";
import { blankStatsRow, type StatsRow } from "./stats-row.ts";

export interface LaneStats {
  readonly mirroring: string;
  readonly database: string;
  /** Since the last reset. */
  readonly stats: StatsRow;
  /** Since the log began. */
  readonly balance: BalanceRow;
  /** Of mirrored requests, since the log began. */
  readonly latencies: LatencyTotals;
  /** Open requests, counted on their own. */
  readonly inFlight: number;
}

export interface StatsSnapshot {
  /** The last event of the log; 0: none yet. */
  readonly seq: number;
  /** When the log began, microseconds since the Unix epoch; null: not yet. */
  readonly since: number | null;
  /** All lanes together. */
  readonly total: StatsRow;
  /** Requests that the log lost, with or without a known lane, as far as their number is known. */
  readonly unrecorded: number;
  /** By mirroring, then database. */
  readonly lanes: readonly LaneStats[];
}

type StatsTables = {
  mirror_stats: StatsRow & { lane: number };
  ledger_balance: BalanceRow & { lane: number };
};

const byLane = <Row extends { lane: number }>(rows: readonly Row[]): Map<number, Row> =>
  new Map(rows.map((row) => [row.lane, row]));

async function read(db: Kysely<LogTables & StatsTables>, { db: raw }: LogReader): Promise<StatsSnapshot> {
  const names = await db.selectFrom("lane").selectAll().orderBy("mirroring").orderBy("database").execute();
  const stats = byLane(await db.selectFrom("mirror_stats").selectAll().execute());
  const balances = byLane(await db.selectFrom("ledger_balance").selectAll().execute());
  const latencies = readLatencyTotals(raw);
  const open = byLane(await db.selectFrom("in_flight").selectAll().execute());
  const last = await db.selectFrom("event").select("seq").orderBy("seq", "desc").limit(1).executeTakeFirst();
  return {
    seq: last?.seq ?? 0,
    since: balances.get(NO_LANE)?.since ?? null,
    total: stats.get(ALL_LANES) ?? blankStatsRow(),
    unrecorded: [...balances.values()].reduce((sum, balance) => sum + balance.unrecorded, 0),
    lanes: names.map(({ id, mirroring, database }) => ({
      mirroring,
      database,
      stats: stats.get(id) ?? blankStatsRow(),
      balance: balances.get(id) ?? blankBalanceRow(),
      latencies: latencies.get(id) ?? blankLatencyTotals(),
      inFlight: open.get(id)?.requests ?? 0,
    })),
  };
}

/** The reads are one transaction, which neither waits for a writer nor makes one wait. Throws rebuilding. */
export function readStats(reader: LogReader): Promise<StatsSnapshot> {
  return reader.kysely
    .withTables<StatsTables>()
    .transaction()
    .execute((db) => {
      requireWhole(reader.db, ["mirror_stats", "ledger_balance", "latency_totals", "open_requests"]);
      return read(db, reader);
    });
}
