// A real Prometheus scrapes a real pgsoak between two real servers: what it makes of the exposition, and whether every
// expression in monitoring/ finds data there. The traffic goes on while it looks.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { lacksProgram } from "../helpers/needs-program.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { dashboardSchema, operands, substituted } from "./expressions.ts";
import { type PrometheusProcess, startPrometheus } from "./prometheus-process.ts";
import { startVariedSoak, TOKEN, type VariedSoak } from "./varied-soak.ts";

const FOLDER = join(import.meta.dirname, "../../monitoring");
/** Prometheus looks at its targets for the first time after some seconds. */
const SCRAPED_TIMEOUT_MS = 30_000;
/** Latencies and rates need this many scrapes with traffic between them. */
const SCRAPES_MIN = 5;

const dashboard = dashboardSchema.parse(JSON.parse(readFileSync(join(FOLDER, "grafana-dashboard.json"), "utf8")));
const configSchema = z.looseObject({
  global: z.record(z.string(), z.string()),
  rule_files: z.array(z.string()),
  scrape_configs: z.tuple([z.looseObject({ job_name: z.literal("pgsoak") })]),
});

/** monitoring/prometheus.yml with this pgsoak as its target, scraped every second; once with the token, once without. */
function configurationFor(soak: VariedSoak): string {
  const shipped = configSchema.parse(parse(readFileSync(join(FOLDER, "prometheus.yml"), "utf8")));
  const [job] = shipped.scrape_configs;
  const target = { static_configs: [{ targets: [new URL(soak.pgsoak.api("/")).host] }] };
  return JSON.stringify({
    ...shipped,
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: shipped.rule_files.map((file) => join(FOLDER, file)),
    scrape_configs: [
      { ...job, ...target, authorization: { credentials: TOKEN } },
      { ...job, ...target, job_name: "stranger" },
    ],
  });
}

describe.skipIf(lacksProgram("prometheus", "REQUIRE_PROMETHEUS"))("a real Prometheus", () => {
  const resources = new AsyncDisposableStack();
  let soak: VariedSoak;
  let prometheus: PrometheusProcess;

  beforeAll(async () => {
    soak = resources.use(await startVariedSoak());
    await soak.good();
    prometheus = resources.use(await startPrometheus(configurationFor(soak)));
    let isOver = false;
    const traffic = (async () => {
      while (!isOver) await Promise.all([soak.good(), soak.bad()]);
    })();
    resources.defer(async () => {
      isOver = true;
      await traffic;
    });
    const scrapes = `count_over_time(pgsoak_mirror_divergences_total{job="pgsoak",parity="different_rows"}[1m])`;
    const scraped = async (): Promise<boolean> => ((await prometheus.query(scrapes))[0]?.value ?? 0) >= SCRAPES_MIN;
    await waitFor(scraped, { timeoutMs: SCRAPED_TIMEOUT_MS, message: "Prometheus has scraped pgsoak" });
  }, SCRAPED_TIMEOUT_MS * 2);
  afterAll(() => resources.disposeAsync());

  /** What has no finite value now, or none yet a moment later: a scrape may fall between two requests. */
  const withoutData = async (expressions: readonly string[]): Promise<string[]> => {
    const missing = new Set(expressions);
    await waitFor(async () => {
      for (const expression of missing) {
        const values = await prometheus.query(expression);
        if (values.some(({ value }) => Number.isFinite(value))) missing.delete(expression);
      }
      return missing.size === 0;
    }).catch(() => {});
    return [...missing];
  };

  test("takes the exposition, which it asks for in OpenMetrics, without an error", async () => {
    await waitFor(async () => {
      const target = (await prometheus.targets()).find(({ labels }) => labels["job"] === "pgsoak");
      expect(target).toMatchObject({ health: "up", lastError: "" });
      expect(await prometheus.query('up{job="pgsoak"}')).toMatchObject([{ value: 1 }]);
      return true;
    });
    // All samples have come in, and under the names that are documented: OpenMetrics would add to a counter's.
    const [scraped] = await prometheus.query('scrape_samples_scraped{job="pgsoak"}');
    const lines = (await soak.scrape()).split("\n").filter((line) => /^\w/.test(line));
    expect(scraped!.value).toBe(lines.length);
    expect(
      await withoutData(['mirror_requests_total{job="pgsoak"}', 'mirror_requests_mirrored{job="pgsoak"}']),
    ).toEqual([]);
  });

  test("has nothing to say against the text format, but for the units of the flat names", async () => {
    const input = await soak.scrape("text/plain; version=0.0.4");
    const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
    const said = stderr.split("\n").filter((line) => line !== "");
    expect(
      said.filter((line) => !/^mirror_\w+_ms metric names should not contain abbreviated units$/.test(line)),
    ).toEqual([]);
    // 3: it can be read, and there are findings.
    expect([0, 3]).toContain(status);
  });

  test("is turned away with 401 where it does not have the token", async () => {
    // On a busy machine a scrape may also come too late for anything.
    await waitFor(async () => {
      const target = (await prometheus.targets()).find(({ labels }) => labels["job"] === "stranger");
      expect(target).toMatchObject({ health: "down", lastError: "server returned HTTP status 401 Unauthorized" });
      return true;
    });
    expect(await prometheus.query('up{job="stranger"}')).toMatchObject([{ value: 0 }]);
  });

  test("finds data for every expression of the dashboard", async () => {
    const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => substituted(expr)));
    expect(expressions.length).toBeGreaterThan(30);
    expect(await withoutData(expressions)).toEqual([]);
  });

  test("finds values for every variable of the dashboard", async () => {
    const queries = dashboard.templating.list.filter(({ type }) => type === "query");
    expect(queries.map(({ name }) => name)).toEqual(["instance", "cluster", "database"]);
    for (const { definition = "" } of queries) {
      const [, match = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(definition)!;
      expect(await prometheus.labelValues(label, substituted(match))).not.toEqual([]);
    }
  });

  test("evaluates every alert, and each finds data in what it looks at", async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(15);
    await waitFor(async () => (await prometheus.rules()).every(({ health }) => health === "ok"));
    expect((await prometheus.rules()).filter(({ lastError }) => lastError !== undefined)).toEqual([]);
    // Spans of minutes and hours hold no more than has been scraped.
    expect(await withoutData(rules.flatMap(({ query }) => operands(query)))).toEqual([]);
  });
});

describe("the parts of an alert's expression", () => {
  test.each([
    ["up == 0", ["up"]],
    ['absent(up{job="a and b"})', ['up{job="a and b"}']],
    ["rate(a[5m]) / rate(b[5m]) > 0.01", ["rate(a[5m]) / rate(b[5m])"]],
    ["a == 0 or b unless on (c) d", ["a", "b", "d"]],
    ["(a / b > 1.5) and (a - b > 0.005)", ["a / b", "a - b"]],
  ])("of %s are what must have data", (expression, parts) => {
    expect(operands(expression)).toEqual(parts);
  });
});
