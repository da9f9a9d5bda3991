// A log as a shop of some size would leave it behind after a day and more: two databases, a curve of the day, a restart, an
// outage of the mirror, notes, and what PostgreSQL 18 does otherwise than 16.

import type { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import {
  dropped,
  errored,
  mirrored,
  observationChanged,
  queued,
  runStarted,
  runStopped,
  tallied,
} from "../projections/facts.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Moments at which requests are recorded. */
const STEP = 30 * SECOND;
const BATCH_EVENTS = 5000;

export interface Soak {
  readonly hours: number;
  /** Of both databases, on average. */
  readonly requestsPerHour: number;
  /** A monitoring query that the upgrade broke, and one that got slower. */
  readonly hasTrouble: boolean;
  readonly hasOutage: boolean;
  /** When it ends, microseconds since the Unix epoch. */
  readonly endUs: number;
}

interface Kind {
  readonly sql: string;
  readonly lane: number;
  readonly share: number;
  readonly primaryUs: number;
  /** Mirror ÷ primary. */
  readonly factor: number;
}

const CALM: readonly Kind[] = [
  { sql: "SELECT id, name, price, stock FROM product WHERE id = $1", lane: 1, share: 30, primaryUs: 320, factor: 0.94 },
  {
    sql: "SELECT p.id, p.name, c.quantity FROM cart_line c JOIN product p ON p.id = c.product WHERE c.cart = $1 ORDER BY c.added",
    lane: 1,
    share: 17,
    primaryUs: 900,
    factor: 0.97,
  },
  {
    sql: "UPDATE cart_line SET quantity = $1 WHERE cart = $2 AND product = $3",
    lane: 1,
    share: 9,
    primaryUs: 1400,
    factor: 1.04,
  },
  {
    sql: "INSERT INTO event_log (session, kind, payload) VALUES ($1, $2, $3)",
    lane: 1,
    share: 14,
    primaryUs: 700,
    factor: 1.02,
  },
  { sql: "SELECT * FROM session WHERE token = 'secret'", lane: 1, share: 12, primaryUs: 260, factor: 0.95 },
  { sql: "BEGIN", lane: 2, share: 3, primaryUs: 40, factor: 1.1 },
  {
    sql: "INSERT INTO invoice (customer, total, due) VALUES ($1, $2, $3) RETURNING id",
    lane: 2,
    share: 3,
    primaryUs: 1900,
    factor: 0.98,
  },
  { sql: "UPDATE account SET balance = balance - $1 WHERE id = $2", lane: 2, share: 3, primaryUs: 1500, factor: 1.01 },
  { sql: "COMMIT", lane: 2, share: 3, primaryUs: 2100, factor: 0.9 },
];

const REPORT: Kind = {
  sql: "SELECT date_trunc('day', i.created) AS day, count(*), sum(i.total) FROM invoice i JOIN customer c ON c.id = i.customer WHERE i.created > now() - interval '30 days' AND c.country = 'DE' GROUP BY 1 ORDER BY 1",
  lane: 2,
  share: 2.6,
  primaryUs: 38_000,
  factor: 0.92,
};
const MONITORING = "SELECT checkpoints_timed, checkpoints_req, buffers_backend FROM pg_stat_bgwriter";
/** What a page must show and never obey. */
export const HOSTILE = `SELECT id FROM "<script>document.title='owned'</script>" WHERE id = $1`;

function createRandom(): () => number {
  let state = 7;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Times of a request: most near the usual, a few far above it. */
function spread(usualUs: number, random: () => number): number {
  const tail = random() < 0.02 ? 4 + random() * 8 : 1;
  return Math.round(usualUs * (0.7 + random() * 0.6) * tail);
}

/** Fills the log; its lanes are `pg18-candidate` × shop and billing. */
export async function writeSoak(log: EventLog, soak: Soak): Promise<void> {
  await loadStatementParser();
  const random = createRandom();
  for (const database of ["shop", "billing"]) log.lanes.register("pg18-candidate", database);
  const kinds = [...CALM, soak.hasTrouble ? { ...REPORT, factor: 2.3 } : REPORT];
  const ids = kinds.map(({ sql }) => log.statements.register(sql));
  const [monitoring, hostile] = [log.statements.register(MONITORING), log.statements.register(HOSTILE)];
  const total = kinds.reduce((sum, { share }) => sum + share, 0);
  const pick = (): number => {
    let left = random() * total;
    return Math.max(
      0,
      kinds.findIndex(({ share }) => (left -= share) < 0),
    );
  };
  const begin = soak.endUs - soak.hours * HOUR;
  const mirrorings = [{ name: "pg18-candidate", settings: {}, exposure: 1 }];
  const restart = begin + soak.hours * HOUR * 0.31;
  const outage = { from: begin + soak.hours * HOUR * 0.62, to: begin + soak.hours * HOUR * 0.62 + 24 * MINUTE };
  let request = 0;
  let [isRestarted, isDown, isUp, isMarked] = [false, false, false, false];
  log.appendBatch([runStarted(begin, { mirrorings, host: "soak-01", version: "0.1.0" })]);
  let batch: NewEvent[] = [];
  for (let at = begin + SECOND; at < soak.endUs; at += STEP) {
    if (!isRestarted && at > restart) {
      isRestarted = true;
      batch.push(runStopped(at));
      at += 3 * MINUTE;
      batch.push(runStarted(at, { run: 2, mirrorings, host: "soak-01", version: "0.1.0" }));
    }
    if (soak.hasOutage && !isDown && at > outage.from) {
      isDown = true;
      batch.push(observationChanged(at, "mirror_down", { mirroring: "pg18-candidate" }));
    }
    if (isDown && !isUp && at > outage.to) {
      isUp = true;
      batch.push(observationChanged(at, "observing", { mirroring: "pg18-candidate" }));
    }
    if (!isMarked && at > begin + soak.hours * HOUR * 0.45) {
      isMarked = true;
      batch.push({ kind: "marked", at, text: "Nightly VACUUM FREEZE on the candidate began", who: "ines" });
    }
    const day = 0.55 - 0.45 * Math.cos(((at / HOUR - 3) / 24) * 2 * Math.PI);
    const count = Math.round(((soak.requestsPerHour * STEP) / HOUR) * (day * 1.6 + random() * 0.25));
    const seen = [0, 0];
    // A group waits together, so that there is a queue.
    let outcomes: NewEvent[] = [];
    for (let i = 0; i < count; i++) {
      if (random() < 0.4) {
        batch.push(...outcomes);
        outcomes = [];
      }
      request++;
      const index = pick();
      const { lane, primaryUs, factor } = kinds[index]!;
      const about = { lane, statement: ids[index]!, request };
      const slow = spread(primaryUs, random);
      const times = {
        primaryUs: slow,
        mirrorUs: Math.round(slow * factor * (0.9 + random() * 0.2)),
        waitUs: 30 + Math.round(random() * 200),
      };
      seen[lane - 1]!++;
      if (isDown && !isUp) {
        batch.push(dropped(at, { ...about, reason: "session_closed" }));
        continue;
      }
      batch.push(queued(at, about));
      const chance = random();
      const timedOut = {
        category: "timeout",
        attribution: "timeout",
        sqlstate: "57014",
        message: "canceling statement due to user request",
      } as const;
      if (soak.hasTrouble && chance < 0.0003) outcomes.push(errored(at, { ...about, ...times, ...timedOut }));
      else if (soak.hasTrouble && chance < 0.0008)
        outcomes.push(mirrored(at, { ...about, ...times, parity: "different_rows" }));
      else outcomes.push(mirrored(at, { ...about, ...times, parity: chance > 0.998 ? "both_failed" : "match" }));
    }
    batch.push(...outcomes);
    if (soak.hasTrouble && random() < 0.12) {
      const about = { lane: 2, statement: monitoring, request: ++request };
      seen[1]!++;
      const failure = { sqlstate: "42703", message: 'column "checkpoints_timed" does not exist' };
      batch.push(queued(at, about), errored(at, { ...about, ...failure, primaryUs: 900, mirrorUs: 400 }));
      if (random() < 0.1) {
        const odd = { lane: 1, statement: hostile, request: ++request };
        seen[0]!++;
        batch.push(
          queued(at, odd),
          errored(at, { ...odd, sqlstate: "42P01", message: 'relation "<script>" does not exist' }),
        );
      }
    }
    batch.push(...seen.map((requests, index) => tallied(at, requests, { lane: index + 1 })));
    if (batch.length < BATCH_EVENTS) continue;
    log.appendBatch(batch);
    batch = [];
  }
  if (batch.length > 0) log.appendBatch(batch);
}
