// A log of 26 hours with everything that a report can show: traffic in waves, errors of every category, a gap, an epoch,
// notes, and names and statements that somebody chose to break a page with.

import { errored, mirrored, queued, dropped, runStarted, skipped, tallied } from "../projections/facts.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { openLogFixture, type LogFixture } from "./log-fixture.ts";

const MINUTE = 60_000_000;
export const HOUR = 60 * MINUTE;
export const AT = 400_000 * HOUR;
export const END = AT + 26 * HOUR;
export const EVIL = `</td><script>alert("1")</script> & 'q' "😀" \u001b[2J\u202e`;

const CATEGORIES = ["query", "connection", "timeout"] as const;

export async function openBusySoak(): Promise<LogFixture> {
  await loadStatementParser();
  const fixture = await openLogFixture();
  const { log } = fixture;
  const lanes = [log.lanes.register("pg18", "app"), log.lanes.register("pg18", EVIL)];
  const sql = [
    "select * from orders where id = 1",
    `select "</code><script>alert(1)</script>😀" from "a&b" where name = 'literal'`,
  ];
  const statements = sql.map((text) => log.statements.register(text));
  log.appendBatch([runStarted(AT, { mirrorings: [{ name: "pg18", settings: {}, exposure: 1 }], host: `db1<${EVIL}` })]);
  let request = 0;
  for (let minute = 2; minute < 26 * 60; minute += 2) {
    const at = AT + minute * MINUTE;
    if (minute >= 600 && minute < 680) {
      if (minute === 600)
        log.appendBatch([{ kind: "observation_changed", at, mirroring: "pg18", state: "mirror_down", cause: EVIL }]);
      if (minute === 678)
        log.appendBatch([{ kind: "observation_changed", at, mirroring: "pg18", state: "observing", cause: "" }]);
      continue;
    }
    const events: NewEvent[] = [];
    if (minute === 120)
      events.push({ kind: "epoch_started", at, mirroring: "pg18", what: EVIL, before: "17", after: "<18>", who: "x" });
    if (minute === 1000) events.push({ kind: "marked", at, text: `index dropped ${EVIL}`, who: EVIL });
    for (const [index, lane] of lanes.entries()) {
      const count = 3 + Math.round(3 * Math.sin(minute / 120));
      for (let each = 0; each < count; each++) {
        const about = { request: ++request, lane, statement: statements[index] ?? 0 };
        events.push(queued(at, about));
        const slow = 800 + ((request * 7919) % 4000) + (minute > 1000 ? 30_000 : 0);
        const times = { mirrorUs: slow, primaryUs: 700 + ((request * 104_729) % 2500), waitUs: 50 };
        const category = CATEGORIES[request % 3] ?? "query";
        if (request % 41 === 0) events.push(errored(at, { ...about, ...times, category, message: `no ${EVIL}` }));
        else events.push(mirrored(at, { ...about, ...times }));
      }
      const isFull = minute % 300 === 0;
      if (isFull) events.push(dropped(at, { request: ++request, lane }));
      events.push(skipped(at, 2, { lane }), tallied(at, count + 2 + Number(isFull), { lane }));
    }
    log.appendBatch(events);
  }
  log.appendBatch([{ kind: "idled", at: END }]);
  return fixture;
}
