// The container files. Nothing here starts a container; what the files name is compared with what there is: files, ports,
// settings, the Node.js that everything is tested with.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config/load-config.ts";
import { openFakeServer } from "../helpers/http-server.ts";
import { lacksProgram } from "../helpers/needs-program.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const yaml = <T>(path: string, schema: z.ZodType<T>): T => schema.parse(parse(read(path), { merge: true }));

const serviceSchema = z.object({
  image: z.string().optional(),
  build: z.object({ context: z.string() }).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).default([]),
  read_only: z.boolean().optional(),
  stop_grace_period: z.string().optional(),
});
const compose = yaml(
  "deploy/docker-compose.yaml",
  z.object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.null()) }),
);
const services = Object.entries(compose.services);
const service = (name: string): z.infer<typeof serviceSchema> => compose.services[name]!;
const dockerfile = read("Dockerfile");
/** The arguments of each use of an instruction, of the last stage alone. */
const finalStage = (instruction: string): string[] => {
  const stage = dockerfile.split(/^FROM /m).at(-1)!;
  return [...stage.matchAll(new RegExp(`^${instruction} ((?:.*\\\\\\n)*.*)`, "gm"))].map(([, words]) => words!);
};

/** The configuration of the compose file as pgsoak reads it. */
const config = loadConfig({
  path: join(ROOT, "deploy/pgsoak.toml"),
  env: Object.fromEntries(
    Object.entries(service("pgsoak").environment).map(([name, value]) => [
      name,
      value.replace(/^\$\{(\w+):\?.*\}$/, "$1").replace(/^\$\{\w+:-(.*)\}$/, "$1"),
    ]),
  ),
});

describe("docker-compose.yaml", () => {
  test("mounts files that exist, and volumes that it declares", () => {
    for (const [name, { volumes, build }] of services) {
      const sources = volumes.map((volume) => volume.split(":")[0]!);
      const missing = sources.filter((source) =>
        source.startsWith(".") ? !existsSync(join(ROOT, "deploy", source)) : !(source in compose.volumes),
      );
      expect([name, missing]).toEqual([name, []]);
      if (build !== undefined) expect(normalize(join("deploy", build.context))).toBe(".");
    }
  });

  test("starts services that exist, in versions that are named", () => {
    for (const [, { depends_on, image }] of services) {
      const named = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
      expect(named.filter((name) => !(name in compose.services))).toEqual([]);
      if (image !== undefined) expect(image).toMatch(/:v?\d/);
    }
  });

  test("publishes on 127.0.0.1 alone, no port twice, and of pgsoak those that it listens on", () => {
    const ports = services.flatMap(([, { ports: published }]) => published);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
    expect(new Set(ports.map((port) => port.split(":")[1])).size).toBe(ports.length);
    const inside = service("pgsoak").ports.map((port) => Number(port.split(":")[2]));
    expect(inside).toEqual([config.general.port, config.admin.port, config.api.port]);
  });

  test("gives pgsoak a configuration that is valid, names its servers and keeps its log in a volume", () => {
    const hosts = config.databases.map(({ host }) => host);
    expect(hosts.filter((host) => !(host in compose.services))).toEqual([]);
    expect(config.api.allowedHosts).toContain("pgsoak");
    const mounts = service("pgsoak").volumes.map((volume) => volume.split(":"));
    expect(mounts).toContainEqual(["log", join(config.events.path, "..")]);
    expect(mounts).toContainEqual(["./pgsoak.toml", "/etc/pgsoak/pgsoak.toml", "ro"]);
    expect(service("pgsoak").read_only).toBe(true);
    const graceS = Number(service("pgsoak").stop_grace_period!.replace(/s$/, ""));
    expect(graceS * 1000).toBeGreaterThanOrEqual(config.general.shutdownTimeoutMs + 15_000);
  });
});

test("Prometheus in the containers is the one of monitoring/ with another target", () => {
  const shipped = z.record(z.string(), z.unknown());
  const target = [{ job_name: "pgsoak", static_configs: [{ targets: [`pgsoak:${config.api.port}`] }] }];
  expect(yaml("deploy/prometheus.yml", shipped)).toEqual({
    ...yaml("monitoring/prometheus.yml", shipped),
    scrape_configs: target,
  });
  const beside = "/etc/prometheus/prometheus-alerts.yaml";
  expect(service("prometheus").volumes).toContain(`../monitoring/prometheus-alerts.yaml:${beside}:ro`);
});

test("Grafana finds its data source and the dashboard", () => {
  const sources = yaml(
    "deploy/grafana/datasources/prometheus.yaml",
    z.object({ datasources: z.tuple([z.object({ type: z.string(), url: z.url() })]) }),
  );
  const [{ type, url }] = sources.datasources;
  expect(type).toBe("prometheus");
  expect(new URL(url).hostname in compose.services).toBe(true);
  const providers = yaml(
    "deploy/grafana/dashboards/pgsoak.yaml",
    z.object({ providers: z.tuple([z.object({ options: z.object({ path: z.string() }) })]) }),
  );
  const { path } = providers.providers[0].options;
  expect(service("grafana").volumes).toContain(`../monitoring/grafana-dashboard.json:${path}/pgsoak.json:ro`);
});

describe("the Dockerfile", () => {
  test("copies what exists, and what .dockerignore lets through", () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(" "));
    expect(copied.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
    const allowed = [...read(".dockerignore").matchAll(/^!(.+)$/gm)].map(([, name]) => name);
    expect(new Set(copied)).toEqual(new Set(allowed));
  });

  test("runs the Node.js that everything is tested with, not as root, and exposes what pgsoak listens on", () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(read("tools/runtime/package.json")));
    expect(dockerfile).toContain(`\nARG NODE_VERSION=${version}\n`);
    expect(dockerfile.match(/^FROM .*/gm)).toEqual(
      expect.arrayContaining([expect.stringContaining("${NODE_VERSION}")]),
    );
    expect(finalStage("USER")).toEqual(["1000:1000"]);
    expect(finalStage("EXPOSE")).toEqual(["6432 6433 9090"]);
    expect(finalStage("VOLUME")).toEqual([join(config.events.path, "..")]);
  });

  test("takes an answer of /healthz for health, and anything else for none", async () => {
    const [check = ""] = finalStage("HEALTHCHECK");
    const [node, flag, script = ""] = z.array(z.string()).parse(JSON.parse(check.slice(check.indexOf("["))));
    expect([node, flag]).toEqual(["node", "-e"]);
    const healthOf = async (url: string): Promise<number | null> => {
      const child = spawn(process.execPath, ["-e", script.replace("http://127.0.0.1:9090/healthz", url)]);
      await once(child, "exit");
      return child.exitCode;
    };
    await using well = await openFakeServer((_, response) => response.end());
    await using ill = await openFakeServer((_, response) => response.writeHead(503).end());
    expect(await Promise.all([well, ill].map(({ url }) => healthOf(`${url}/healthz`)))).toEqual([0, 1]);
    expect([well.paths, await healthOf("http://127.0.0.1:9/healthz")]).toEqual([["/healthz"], 1]);
  });
});

describe.skipIf(lacksProgram("promtool", "REQUIRE_PROMETHEUS"))("promtool", () => {
  test("finds no mistake in the configuration of the containers", () => {
    const args = ["check", "config", "--syntax-only", join(ROOT, "deploy/prometheus.yml")];
    const { status, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
