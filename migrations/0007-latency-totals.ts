// Table of the projection latency totals: for each lane the latencies of its mirrored requests since the log began, in
// buckets by their upper bound in microseconds, which they include; a request is in one bucket only.

import type { Kysely } from "kysely";

const SIDES = ["mirror", "primary", "wait"];

const BOUNDS_US = [
  500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
  30_000_000,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  let table = db.schema.createTable("latency_totals").addColumn("lane", "integer", (column) => column.primaryKey());
  for (const side of SIDES) {
    const buckets = BOUNDS_US.map((us) => `${side}_le_${us}us`);
    for (const name of [...buckets, `${side}_over`, `${side}_sum_us`]) {
      table = table.addColumn(name, "integer", (column) => column.notNull());
    }
  }
  await table.execute();
}
