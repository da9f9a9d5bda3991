// Reads the observation ledger of one committed snapshot, as timelines that any number of windows can be asked about.

import { type Kysely, sql } from "kysely";
import { requireWholeIn } from "../events/projection-state.ts";
import type { LogTables } from "../events/tables.ts";
import type { ObservationTables } from "./observation-rows.ts";
import type { Timeline } from "./timeline.ts";
import type { Window } from "./window.ts";

export interface Observations {
  /** When the log began, microseconds since the Unix epoch; null: it is empty. */
  readonly since: number | null;
  /** By mirroring, every one that any run has had. */
  readonly timelines: readonly Timeline[];
}

/**
 * The timelines as far as `window` and what lies in it need them. `db` is a transaction, so that other numbers come from
 * the same snapshot. Throws rebuilding.
 */
export async function readObservations(db: Kysely<LogTables>, window: Window): Promise<Observations> {
  await requireWholeIn(db, ["observations"]);
  const tables = db.withTables<ObservationTables>();
  const last = await db.selectFrom("event").select("at").orderBy("seq", "desc").limit(1).executeTakeFirst();
  // Every mirroring has one row that lasts.
  const firsts = await tables
    .selectFrom("observation")
    .select([
      "mirroring",
      sql<number>`(select min(from_us) from observation first where first.mirroring = observation.mirroring)`.as(
        "first",
      ),
    ])
    .where("to_us", "is", null)
    .orderBy("mirroring")
    .execute();
  const gaps = await tables
    .selectFrom("observation_gap")
    .selectAll()
    .where("to_us", ">", window.from)
    .where("from_us", "<", window.to)
    .orderBy("from_us")
    .orderBy("to_us", "desc")
    .execute();
  const since = firsts.length === 0 ? null : Math.min(...firsts.map(({ first }) => first));
  const timelines: Timeline[] = [];
  for (const { mirroring } of firsts) {
    // The row that the window begins in, and those that begin in it; without the former, the first row of all.
    const begin = sql<number>`coalesce(
      (select max(from_us) from observation where mirroring = ${mirroring} and from_us <= ${window.from}),
      (select min(from_us) from observation where mirroring = ${mirroring}))`;
    const rows = await tables
      .selectFrom("observation")
      .selectAll()
      .where("mirroring", "=", mirroring)
      .where("from_us", ">=", begin)
      .where((where) => where.or([where("from_us", "<", window.to), where("from_us", "=", begin)]))
      .orderBy("from_us")
      .execute();
    timelines.push({ mirroring, rows, gaps, since: since!, recordedTo: last?.at ?? since! });
  }
  return { since, timelines };
}
