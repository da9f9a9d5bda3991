// The alert rules: promtool takes a healthy soak through everything that an alert is for. Which alerts fire is compared
// whole, so that each scenario is also the silent case of all the others.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { lacksProgram } from "../helpers/needs-program.ts";
import { ALERT_SCENARIOS, type AlertScenario } from "./alert-scenarios.ts";
import { HEALTHY, inputSeries } from "./soak-series.ts";

const FOLDER = join(import.meta.dirname, "../../monitoring");
const RULES = join(FOLDER, "prometheus-alerts.yaml");
const SEVERITIES = ["critical", "warning"];

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(SEVERITIES) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});
const rules = rulesSchema.parse(parse(readFileSync(RULES, "utf8"))).groups.flatMap((group) => group.rules);
const names = rules.map(({ alert }) => alert);
const runbook = readFileSync(join(FOLDER, "README.md"), "utf8");

/** Runs promtool; what it says is in the error. */
function promtool(...args: string[]): void {
  try {
    execFileSync("promtool", args, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = z.object({ stdout: z.string(), stderr: z.string() }).parse(error);
    throw new Error(`promtool ${args.join(" ")}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** A test file for promtool, which is JSON: YAML reads that as well. */
const testFile = (scenarios: readonly AlertScenario[], evaluationInterval: string): string =>
  JSON.stringify({
    rule_files: [RULES],
    evaluation_interval: evaluationInterval,
    tests: scenarios.map(({ name, series, firing }) => ({
      name,
      interval: "1m",
      input_series: inputSeries({ ...HEALTHY, ...series }),
      promql_expr_test: Object.entries(firing).map(([at, alerts]) => ({
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
      })),
    })),
  });

describe.skipIf(lacksProgram("promtool", "REQUIRE_PROMETHEUS"))("the alert rules", () => {
  test("are valid, and so is the configuration that loads them", () => {
    promtool("check", "rules", RULES);
    promtool("check", "config", join(FOLDER, "prometheus.yml"));
  });

  // Five seconds of a processor, of which a busy machine has little.
  test("fire when they should, and only then", { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "pgsoak-alerts-"));
    try {
      const [short, long] = [join(folder, "short.json"), join(folder, "long.json")];
      const { true: longOnes = [], false: shortOnes = [] } = Object.groupBy(ALERT_SCENARIOS, ({ isLong }) =>
        String(isLong === true),
      );
      writeFileSync(short, testFile(shortOnes, "1m"));
      writeFileSync(long, testFile(longOnes, "5m"));
      promtool("test", "rules", short, long);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("each alert fires in a scenario that begins without it", () => {
  const proven = new Set(
    ALERT_SCENARIOS.flatMap(({ firing }) => {
      const [before, ...later] = Object.values(firing);
      return later.flat().filter((alert) => !before!.includes(alert));
    }),
  );
  expect(names.filter((alert) => !proven.has(alert))).toEqual([]);
});

test("each alert has its section in the runbook, with what it means, what to check and what to do, and no other has", () => {
  const sections = runbook.split(/^### /m).slice(1);
  expect(sections.map((section) => section.split("\n")[0])).toEqual(names);
  for (const { alert, labels, annotations } of rules) {
    const section = sections.find((text) => text.startsWith(`${alert}\n`))!;
    const missing = ["**Means.**", "**Check.**", "**Do.**", `*${labels.severity}*`].filter(
      (part) => !section.includes(part),
    );
    expect([alert, missing]).toEqual([alert, []]);
    expect(annotations.runbook_url).toBe(`monitoring/README.md#${alert.toLowerCase()}`);
  }
});
