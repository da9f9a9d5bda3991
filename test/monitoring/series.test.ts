// That no series of docs/metrics.md stands still when what it counts happens: a real pgsoak between two real servers is
// taken through all of it.

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { expect, test } from "vitest";
import { readExposition, valueOf } from "../api/exposition.ts";
import { withClient } from "../helpers/clusters.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { startVariedSoak, type VariedSoak } from "./varied-soak.ts";

/** What only a defect, a broken disk or time moves, and the test that does it. */
const MOVED_ELSEWHERE = [
  "mirror_unaccounted_requests", // test/api/metrics.test.ts
  "recording", // test/api/metrics.test.ts
  "mirror_login_refusals_total", // test/end-to-end/userlist.test.ts
  "client_login_failures_total", // test/end-to-end/userlist.test.ts
  "dashboard_refused_logins_total", // test/api/dashboard.test.ts
  "mirror_sessions_incomplete", // test/proxy/mirror/advisory-locks.test.ts
  "mirror_sessions_lost_total", // test/faults/mirror-code-fault.test.ts
  "sessions_unwatched_total", // test/faults/tap-fault.test.ts
  "event_log_readable", // test/faults/hanging-reader.test.ts
  "event_log_unanswered_total", // test/faults/hanging-reader.test.ts
  "events_unrecorded_total", // test/faults/disk-full.test.ts
  "event_log_damaged", // test/faults/damaged-log.test.ts
  "projection_lag_events", // test/api/rebuilding.test.ts
  // A verdict is worked out anew only as often as it may cost, which is a matter of the machine.
  "readiness_score", // test/api/readiness.test.ts
  "readiness_verdict", // test/api/readiness.test.ts
  "build_info",
  "start_time_seconds",
];
const WAIT_MAX_MS = 30_000;
const CLIENTS_MAX = 4;
const ERRORS_UNHEALTHY = 3;

/** The metrics of docs/metrics.md; a histogram by the names of its samples. */
function documented(): string[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  return [...text.matchAll(/^\| `(\w+)` \| (\w+)/gm)].flatMap(([, name = "", type]) =>
    type === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name],
  );
}

/** The values that each series has had, by name and labels. */
class Watched {
  readonly #values = new Map<string, Set<number>>();

  /** Takes what is exported now. */
  async scrape(soak: VariedSoak): Promise<void> {
    for (const { samples } of readExposition(await soak.scrape())) {
      for (const { name, labels, value } of samples) {
        const { status, error_type, parity, state, limit } = labels;
        const kind = status ?? error_type ?? parity ?? state ?? limit;
        // Counters of a lane appear with its first request: they come from 0.
        const key = kind === undefined ? name : `${name} ${kind}`;
        this.#values.set(key, (this.#values.get(key) ?? new Set(/_total$|_count$/.test(name) ? [0] : [])).add(value));
      }
    }
  }

  /** Waits until a series has been above 0; between two looks it does something for it. */
  async until(soak: VariedSoak, series: string, again: () => Promise<void> = async () => {}) {
    await waitFor(
      async () => {
        await this.scrape(soak);
        if ([...(this.#values.get(series) ?? [])].some((value) => value > 0)) return true;
        await again();
        return false;
      },
      { message: series, timeoutMs: WAIT_MAX_MS },
    );
  }

  /** Series that have always had the same value. */
  get standing(): string[] {
    return [...this.#values].filter(([, values]) => values.size < 2).map(([series]) => series);
  }

  get names(): ReadonlySet<string> {
    return new Set([...this.#values.keys()].map((key) => key.split(" ")[0]!));
  }
}

const say = (soak: VariedSoak, command: string): Promise<unknown> =>
  withClient({ ...soak.pgsoak.admin, user: "postgres", database: "pgsoak" }, (client) => client.query(command));

test("every series moves when what it counts happens", { timeout: 120_000 }, async () => {
  await using soak = await startVariedSoak({
    login_timeout_ms: 2000,
    max_connections: CLIENTS_MAX,
    mirror_error_threshold: ERRORS_UNHEALTHY,
  });
  const watched = new Watched();
  await watched.scrape(soak);
  await soak.good();
  const bad = soak.bad();
  await watched.until(soak, "pgsoak_mirror_queue_depth");
  await watched.until(soak, "pgsoak_mirror_failures_total timeout");
  await bad;
  await watched.until(soak, "pgsoak_mirror_failures_total connection");
  // What times out on a busy machine has no parity: then once more.
  for (const parity of ["different_rows", "different_content", "different_error", "primary_failed"]) {
    await watched.until(soak, `pgsoak_mirror_divergences_total ${parity}`, () => soak.bad());
  }
  await watched.until(soak, "pgsoak_client_refusals_total message_length");
  // Requests that were queued behind the slow one may still succeed between these.
  await watched.until(soak, "pgsoak_mirror_state degraded", () => soak.failing(ERRORS_UNHEALTHY));

  await say(soak, "PAUSE MIRROR");
  await watched.until(soak, "pgsoak_mirror_state paused");
  await say(soak, "RESUME MIRROR");
  await soak.network.welcome("refuse");
  soak.network.cut();
  for (let n = 0; n < 4; n++) await soak.good();
  await watched.until(soak, "pgsoak_mirror_state mirror_down");
  await soak.network.welcome("relay");
  const successes = async (): Promise<number> =>
    valueOf(readExposition(await soak.scrape()), "pgsoak_mirror_requests_total", { status: "mirrored" });
  const before = await successes();
  await waitFor(
    async () => {
      await soak.good();
      return (await successes()) > before;
    },
    { timeoutMs: WAIT_MAX_MS },
  );

  await waitFor(async () => valueOf(readExposition(await soak.scrape()), "pgsoak_client_connections") === 0, {
    timeoutMs: WAIT_MAX_MS,
  });
  const silent = connect(soak.pgsoak.proxy.port, "127.0.0.1").on("error", () => {});
  const clients = Array.from({ length: CLIENTS_MAX }, () => new Client(soak.client));
  await Promise.all(clients.map((client) => client.connect()));
  await expect(soak.good()).rejects.toMatchObject({ code: "53300" });
  await watched.until(soak, "pgsoak_client_refusals_total max_connections");
  await Promise.all(clients.map((client) => client.end()));
  await watched.until(soak, "pgsoak_client_refusals_total login_timeout");
  silent.destroy();

  expect(documented().filter((name) => !watched.names.has(name))).toEqual([]);
  const elsewhere = new Set(MOVED_ELSEWHERE.map((name) => `pgsoak_${name}`));
  expect(watched.standing.filter((series) => !elsewhere.has(series))).toEqual([]);
});
