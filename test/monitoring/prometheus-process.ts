// Debian's Prometheus on a port and a folder of its own, for as long as a test file runs. It ends with the test run,
// whatever ends that.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, writeFileSync, openSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { freePort } from "../helpers/free-port.ts";
import { startProcessWatchdog } from "../../src/demo/process-watchdog.ts";
import { waitFor } from "../helpers/wait-for.ts";

const READY_TIMEOUT_MS = 20_000;

const targetsSchema = z.object({
  activeTargets: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      health: z.enum(["up", "down", "unknown"]),
      lastError: z.string(),
    }),
  ),
});
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ name: z.string(), query: z.string(), health: z.string(), lastError: z.string().optional() }),
      ),
    }),
  ),
});
const value = z.tuple([z.number(), z.string().transform(Number)]);
const querySchema = z.discriminatedUnion("resultType", [
  z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value })),
  }),
  z.object({ resultType: z.literal("scalar"), result: value }),
]);

type Target = z.infer<typeof targetsSchema>["activeTargets"][number];
type Rule = z.infer<typeof rulesSchema>["groups"][number]["rules"][number];

/** One sample of an answer. */
interface Answered {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusProcess extends AsyncDisposable {
  /** What it scrapes, with its last word on each. */
  targets(): Promise<Target[]>;
  /** The rules that it evaluates. */
  rules(): Promise<Rule[]>;
  /** The values of a PromQL expression now; none where there is no data. */
  query(expression: string): Promise<Answered[]>;
  /** The values that a label has among the series that match. */
  labelValues(label: string, match: string): Promise<string[]>;
}

/** Starts it with a configuration, which is YAML or JSON, and waits until it answers. */
export async function startPrometheus(configuration: string): Promise<PrometheusProcess> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-prometheus-"));
  const watchdog = startProcessWatchdog(folder);
  const file = join(folder, "prometheus.yml");
  writeFileSync(file, configuration);
  const port = await freePort();
  const output = openSync(join(folder, "output"), "w");
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn("prometheus", args, { cwd: folder, stdio: ["ignore", output, output] });
  closeSync(output);
  const ended = once(child, "exit");
  watchdog.guard(child.pid ?? null);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
    watchdog.guard(null);
    await watchdog.release();
  };
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`)).ok;
  try {
    const answersOrEnded = async (): Promise<boolean> => child.exitCode !== null || (await isReady());
    await waitFor(answersOrEnded, { timeoutMs: READY_TIMEOUT_MS, message: "Prometheus is ready" });
    if (child.exitCode !== null) throw new Error(readFileSync(join(folder, "output"), "utf8"));
  } catch (error) {
    await stop();
    throw error;
  }

  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return z.object({ data: schema }).parse(JSON.parse(text)).data;
  };
  return {
    targets: async () => (await ask("targets?state=active", targetsSchema)).activeTargets,
    rules: async () => (await ask("rules", rulesSchema)).groups.flatMap(({ rules }) => rules),
    query: async (expression) => {
      const answer = await ask(`query?${new URLSearchParams({ query: expression }).toString()}`, querySchema);
      if (answer.resultType === "scalar") return [{ labels: {}, value: answer.result[1] }];
      return answer.result.map(({ metric, value: [, number] }) => ({ labels: metric, value: number }));
    },
    labelValues: (label, match) =>
      ask(`label/${label}/values?${new URLSearchParams({ "match[]": match }).toString()}`, z.array(z.string())),
    [Symbol.asyncDispose]: stop,
  };
}
