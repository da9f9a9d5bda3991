import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { PRIMARY_ONLY, runMixedClients, SCHEMA } from "./mixed-clients.ts";

/** A machine that is busy with other things must not make the mirror too slow for its queue. */
const ROOMY = { queue_length: 10_000 };

describe("the books of a mixed load", () => {
  let database: TestDatabase;
  let pgsoak: PgsoakProcess;

  beforeAll(async () => {
    database = await createDatabase("totals");
    await database.onBoth(SCHEMA);
    await database.onPrimary(PRIMARY_ONLY);
    pgsoak = await startPgsoakProcess({ tables: mirrorTables(database.primary, database.mirror, ROOMY) });
  });

  afterAll(async () => {
    await pgsoak[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test("10,000 requests over 16 sessions: every number is what the clients counted, also after a restart", async () => {
    const counted = await runMixedClients(
      { ...pgsoak.proxy, database: database.name },
      { sessions: 16, requests: 10_000 },
    );
    expect(counted.unexpected).toEqual([]);

    const { total, mirrorings } = await settledStats(pgsoak, counted.requests);
    expect(mirrorings).toHaveLength(1);
    const lane = mirrorings[0]!;
    expect(lane).toMatchObject({ mirroring: "candidate", database: database.name });
    for (const row of [total, lane]) {
      expect(row).toMatchObject({
        requests_total: counted.requests,
        requests_mirrored: counted.alike,
        requests_dropped: 0,
        requests_skipped: 0,
        errors_connection: 0,
        errors_query: counted.mirrorFailed,
        errors_timeout: 0,
        errors_buffer_full: 0,
        latency_count: counted.alike,
        requests_in_flight: 0,
      });
      expect(row.parity).toMatchObject({
        match: counted.match,
        both_failed: counted.bothFailed,
        mirror_failed: counted.mirrorFailed,
        primary_failed: 0,
        different_error: 0,
        different_rows: 0,
        unverifiable: 0,
      });
    }
    // The mirror did the same work.
    const sum = "SELECT sum(balance)::int AS sum FROM account";
    expect(await database.onMirror(sum)).toEqual(await database.onPrimary(sum));

    expect(await pgsoak.stop()).toEqual({ code: 0, signal: null });
    await pgsoak.start();
    expect(await readStatsOf(pgsoak)).toEqual({ total, mirrorings });
  }, 120_000);
});
