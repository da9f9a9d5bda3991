// That no series of docs/metrics.md stands still when what it counts happens: a real pgsoak between two real servers is
// taken through all of it.

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { expect, test } from "vitest";
import { readExposition } from "../api/exposition.ts";
import { withClient } from "../helpers/clusters.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { startVariedSoak, type VariedSoak } from "./varied-soak.ts";

/** What only a defect or a broken disk moves, and the test that does it. */
const MOVED_ELSEWHERE = [
  "mirror_unaccounted_requests", // test/api/metrics.test.ts
  "recording", // test/api/metrics.test.ts
  "events_unrecorded_total", // test/faults/disk-full.test.ts
  "event_log_damaged", // test/faults/damaged-log.test.ts
  "projection_lag_events", // test/api/rebuilding.test.ts
  "build_info",
  "start_time_seconds",
];
/** On a machine that is busy a verdict may be many seconds old. */
const WAIT_MAX_MS = 20_000;
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

  /** Takes what is exported now, and says whether `name` with `label` has that value. */
  async scrape(soak: VariedSoak): Promise<void> {
    for (const { samples } of readExposition(await soak.scrape())) {
      for (const { name, labels, value } of samples) {
        const { status, error_type, parity, state, limit, window, verdict } = labels;
        const kind = status ?? error_type ?? parity ?? state ?? limit ?? verdict ?? "";
        // Counters of a lane appear with its first request: they come from 0.
        const key = [name, kind, window].filter((part) => part !== undefined && part !== "").join(" ");
        this.#values.set(key, (this.#values.get(key) ?? new Set(/_total$|_count$/.test(name) ? [0] : [])).add(value));
      }
    }
  }

  /** Waits until a series has had a value of this kind. */
  async until(soak: VariedSoak, series: string, holds: (value: number) => boolean = (value) => value > 0) {
    await waitFor(
      async () => {
        await this.scrape(soak);
        return [...(this.#values.get(series) ?? [])].some(holds);
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

test("every series moves when what it counts happens", { timeout: 60_000 }, async () => {
  await using soak = await startVariedSoak({
    login_timeout_ms: 2000,
    max_connections: CLIENTS_MAX,
    mirror_error_threshold: ERRORS_UNHEALTHY,
    mirror_min_requests: 5,
    mirror_min_runtime_hours: "off",
    mirror_consecutive_success: "off",
    mirror_max_error_rate: 0.9,
  });
  const watched = new Watched();
  await watched.until(soak, "pgsoak_readiness_verdict INCONCLUSIVE all");
  for (let n = 0; n < 4; n++) await soak.good();
  await watched.until(soak, "pgsoak_readiness_verdict READY all", (value) => value === 1);

  const bad = soak.bad();
  await watched.until(soak, "pgsoak_mirror_queue_depth");
  await watched.until(soak, "pgsoak_mirror_failures_total timeout");
  await bad;
  await watched.until(soak, "pgsoak_mirror_failures_total connection");
  await watched.until(soak, "pgsoak_client_refusals_total message_length");
  await soak.failing(ERRORS_UNHEALTHY + 1);
  await watched.until(soak, "pgsoak_mirror_state degraded");

  await say(soak, "PAUSE MIRROR");
  await watched.until(soak, "pgsoak_mirror_state paused");
  await say(soak, "RESUME MIRROR");
  await soak.network.welcome("refuse");
  soak.network.cut();
  for (let n = 0; n < 4; n++) await soak.good();
  await watched.until(soak, "pgsoak_mirror_state mirror_down");
  await soak.network.welcome("relay");
  await waitFor(async () => {
    await soak.good();
    await watched.scrape(soak);
    return !watched.standing.includes("pgsoak_mirror_state observing");
  });

  const silent = connect(soak.pgsoak.proxy.port, "127.0.0.1").on("error", () => {});
  const clients = Array.from({ length: CLIENTS_MAX }, () => new Client(soak.client));
  await Promise.all(clients.map((client) => client.connect()));
  await expect(soak.good()).rejects.toMatchObject({ code: "53300" });
  await watched.until(soak, "pgsoak_client_refusals_total max_connections");
  await Promise.all(clients.map((client) => client.end()));
  await watched.until(soak, "pgsoak_client_refusals_total login_timeout");
  silent.destroy();
  // Verdicts are worked out anew as often as they may cost, so this one may be some seconds old.
  for (const window of ["24h", "all"]) {
    await watched.until(soak, `pgsoak_readiness_verdict NOT_READY ${window}`, (value) => value === 1);
  }

  expect(documented().filter((name) => !watched.names.has(name))).toEqual([]);
  const elsewhere = new Set(MOVED_ELSEWHERE.map((name) => `pgsoak_${name}`));
  expect(watched.standing.filter((series) => !elsewhere.has(series))).toEqual([]);
});
