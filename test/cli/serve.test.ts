import { createServer } from "node:net";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { Client } from "pg";
import { expect, test } from "vitest";
import { primary } from "../helpers/clusters.ts";
import { relayTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, preparePgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { waitFor } from "../helpers/wait-for.ts";

/** The messages of the log, in their order. */
function messages(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => String(JSON.parse(line).msg));
}

/** As long as those have that wait for the word "ready". */
const START = { timeoutMs: 20_000, message: "a client is served" };

/** A plain relay that says that it is ready: the API answers a little earlier. */
async function startReady(): Promise<PgsoakProcess> {
  const pgsoak = await startPgsoakProcess({ tables: relayTables(primary()) });
  await waitFor(() => messages(pgsoak.output()).includes("ready"));
  return pgsoak;
}

test.for(["SIGTERM", "SIGINT"] as const)("%s stops the service in order, exit code 0", async (signal) => {
  await using pgsoak = await startReady();
  expect(pgsoak.output()).toContain(`"proxy":"127.0.0.1:${pgsoak.ports.proxy}"`);
  expect(pgsoak.output()).toContain(`"api":"http://127.0.0.1:${pgsoak.ports.api}"`);
  expect(await pgsoak.stop(signal)).toEqual({ code: 0, signal: null });
  expect(messages(pgsoak.output()).filter((message) => /^(ready|stopp)/.test(message))).toEqual([
    "ready",
    "stopping",
    "stopped",
  ]);
});

test("a second signal ends the service at once, though a request is still in flight", async () => {
  await using pgsoak = await startReady();
  const client = new Client({ ...pgsoak.proxy, user: "postgres", database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  const answer = client.query("SELECT pg_sleep(60)").catch(String);
  pgsoak.signal("SIGTERM");
  await waitFor(() => messages(pgsoak.output()).includes("stopping"));
  expect(await pgsoak.stop("SIGTERM")).toEqual({ code: 1, signal: null });
  expect(await answer).toMatch(/terminat/i);
});

test.runIf(process.platform === "linux")(
  "clients are served and the stop is in order though nothing of the log can be written",
  async () => {
    const stdout = openSync("/dev/full", "w");
    await using pgsoak = await preparePgsoakProcess({ tables: relayTables(primary()), stdout });
    pgsoak.launch();
    closeSync(stdout);
    await waitFor(async () => {
      const client = new Client({ ...pgsoak.proxy, user: "postgres", database: "postgres" });
      await client.connect();
      await client.end();
      return true;
    }, START);
    expect(await pgsoak.stop("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(pgsoak.output()).toBe("");
  },
);

test("a port that is taken is one message, exit code 70, and nothing left running", async () => {
  await using pgsoak = await preparePgsoakProcess({ tables: relayTables(primary()) });
  await using taker = createServer().listen(pgsoak.ports.api, "127.0.0.1");
  await once(taker, "listening");
  pgsoak.launch();
  expect(await pgsoak.ended()).toEqual({ code: 70, signal: null });
  expect(pgsoak.output()).toMatch(new RegExp(`^pgsoak: .*127\\.0\\.0\\.1:${pgsoak.ports.api}.* in use$`, "m"));
});

test("a wrong configuration or log level starts nothing, exit code 78", async () => {
  await using broken = await preparePgsoakProcess({ tables: relayTables(primary()) });
  writeFileSync(broken.configFile, "[general]\nport = 0\n");
  broken.launch();
  expect(await broken.ended()).toEqual({ code: 78, signal: null });
  expect(broken.output()).toContain("pgsoak.toml:2: general.port: expected an integer from 1 to 65535, got 0\n");

  await using loud = await preparePgsoakProcess({
    tables: relayTables(primary()),
    env: { PGSOAK_LOG_LEVEL: "loud" },
  });
  loud.launch();
  expect(await loud.ended()).toEqual({ code: 78, signal: null });
  expect(loud.output()).toBe('PGSOAK_LOG_LEVEL: expected one of "debug", "info", "warn", "error", got "loud"\n');
});
