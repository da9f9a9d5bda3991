import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { readExposition } from "../api/exposition.ts";
import { createDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";

const KILLS = 6;
const READY_MS = 5000;

/** Sums over all labels but `status`, as `name` or `name status`. */
type Scrape = ReadonlyMap<string, number>;

async function scrape(pgsoak: PgsoakProcess): Promise<Scrape> {
  const sums = new Map<string, number>();
  const text = await (await fetch(pgsoak.api("/metrics"))).text();
  for (const { samples } of readExposition(text)) {
    for (const { name, labels, value } of samples) {
      const key = labels["status"] === undefined ? name : `${name} ${labels["status"]}`;
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
  }
  return sums;
}

function expectIdentity(now: Scrape): void {
  const of = (name: string): number => now.get(`pgsoak_${name}`) ?? 0;
  const status = (name: string): number => of(`mirror_requests_total ${name}`);
  const outcomes = status("mirrored") + status("errored") + status("dropped");
  expect(of("mirror_selected_total")).toBe(outcomes + of("mirror_in_flight"));
  expect(of("mirror_seen_total")).toBe(status("skipped") + of("mirror_selected_total") + of("events_unrecorded_total"));
  expect(of("mirror_unaccounted_requests")).toBe(0);
}

/** Refusals are counted since the start of the process, all else since the log began. */
const isLasting = (name: string): boolean => /^pgsoak_.*_total/.test(name) && !name.includes("refusals");

function expectNoneWentBack(before: Scrape, now: Scrape): void {
  const back = [...before].filter(([name, value]) => isLasting(name) && (now.get(name) ?? 0) < value);
  expect(back).toEqual([]);
}

test("killed at any moment under load, every scrape before and after balances, and no counter ever goes back", async () => {
  await using database = await createDatabase("crash_scrapes");
  await using pgsoak = await startPgsoakProcess({ tables: mirrorTables(database.primary, database.mirror) });
  let last: Scrape = new Map();
  let scrapes = 0;
  const look = async (): Promise<void> => {
    const now = await scrape(pgsoak);
    expectIdentity(now);
    expectNoneWentBack(last, now);
    last = now;
    scrapes++;
  };
  for (let kill = 1; kill <= KILLS; kill++) {
    const load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 6, pauseMs: 1 });
    // Another moment between two commits each time.
    const requests = 150 + kill * 37;
    while (load.requests < requests) await look();
    await sleep(kill * 7);
    await pgsoak.kill();
    await load.stop(); // its sessions end with an error, which is the point
    const beganMs = performance.now();
    await pgsoak.start();
    expect(performance.now() - beganMs).toBeLessThan(READY_MS);
    await look();
  }
  expect(scrapes).toBeGreaterThan(KILLS * 3);
}, 120_000);
