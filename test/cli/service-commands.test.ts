import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openReader } from "../../src/events/log-reader.ts";
import type { MirrorEvent } from "../../src/events/event.ts";
import { freePort } from "../helpers/free-port.ts";
import { openFakeServer } from "../helpers/http-server.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type RunningPgsoak, startPgsoak } from "../helpers/start-pgsoak.ts";
import { logFolder } from "../events/log-folder.ts";
import { run } from "./log-fixture.ts";

const NOWHERE = { host: "127.0.0.1", port: 1 };
const ELSEWHERE = { host: "127.0.0.1", port: 2 };
const TOKEN = "t0ken-t0ken-t0ken-t0ken";

async function eventsOf(pgsoak: RunningPgsoak): Promise<MirrorEvent[]> {
  using reader = openReader(pgsoak.logFile);
  return await reader.readEvents({ after: 0, limit: 100 });
}

test("mark, epoch and reset are in the log when the command has ended", async () => {
  await using pgsoak = await startPgsoak(mirrorTables(NOWHERE, ELSEWHERE));
  const to = ["--url", pgsoak.api(""), "--who", "ann"];
  const marked = await run("mark", "index", "built", ...to);
  expect(marked).toMatchObject({ code: 0, stderr: "" });
  expect(marked.stdout).toMatch(/^Marked at 20\S+Z \(event \d+\)\n$/);
  expect((await run("epoch", "restored anew", "--mirroring", "candidate", ...to)).stdout).toMatch(
    /^An epoch of candidate/,
  );
  expect((await run("epoch", "restored anew", ...to)).stdout).toMatch(/^An epoch of all mirrorings began at/);
  const reset = await run("reset", "--json", ...to);
  expect(JSON.parse(reset.stdout)).toMatchObject({ kind: "counters_reset", who: "ann" });
  expect((await eventsOf(pgsoak)).slice(1)).toEqual([
    expect.objectContaining({ kind: "marked", text: "index built", who: "ann" }),
    expect.objectContaining({ kind: "epoch_started", mirroring: "candidate", what: "restored anew" }),
    expect.objectContaining({ kind: "epoch_started", mirroring: null }),
    expect.objectContaining({ kind: "counters_reset" }),
  ]);
});

test("address and token come from the configuration, or from a file", async () => {
  const api = { token: TOKEN, open_reads: true };
  await using pgsoak = await startPgsoak({ ...mirrorTables(NOWHERE, ELSEWHERE), api });
  using folder = logFolder();
  const { port } = pgsoak.service.addresses.api;
  const config = join(folder.folder, "pgsoak.toml");
  const database = `[[databases]]\nname = "*"\nhost = "127.0.0.1"\nport = 1\n`;
  writeFileSync(config, `[api]\nport = ${port}\ntoken = "${TOKEN}"\n${database}`);
  expect(await run("reset", "--config", config)).toMatchObject({ code: 0, stderr: "" });
  const tokenFile = join(folder.folder, "token");
  writeFileSync(tokenFile, `${TOKEN}\n`);
  expect(await run("reset", "--url", pgsoak.api("/"), "--token-file", tokenFile)).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect(await run("reset", "--url", pgsoak.api(""), "--token", TOKEN)).toMatchObject({ code: 0, stderr: "" });

  const without = await run("reset", "--url", pgsoak.api(""));
  expect(without).toMatchObject({ code: 70, stderr: "pgsoak: the service wants a token: give --token-file\n" });
  const wrong = await run("reset", "--url", pgsoak.api(""), "--token", "wrong-wrong-wrong-wrong");
  expect(wrong.code).toBe(70);
  expect(wrong.stderr).not.toContain("wrong-");
});

describe("what can't be done is said in one line", () => {
  test.each([
    [64, ["mark"], "missing required argument"],
    [64, ["mark", "x", "--url", "ftp://x"], "--url: expected a URL"],
    [64, ["mark", "x", "--url", "localhost"], "--url: expected a URL"],
    [64, ["mark", "x", "--token", "a", "--token-file", "b"], "cannot be used with"],
    [64, ["mark", "x", "--url", "http://127.0.0.1:1", "--token-file", "/nowhere/token"], "--token-file: ENOENT"],
    [64, ["reset", "now"], "too many arguments"],
    [78, ["reset", "--config", "/nowhere/pgsoak.toml"], "there is no configuration file /nowhere/pgsoak.toml"],
  ])("exit %i: %j", async (code, argv, words) => {
    const ran = await run(...argv);
    expect([ran.code, ran.stdout]).toEqual([code, ""]);
    expect(ran.stderr).toContain(words);
    expect(ran.stderr.trimEnd()).not.toContain("\n");
  });

  test("exit 70: nobody listens", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const ran = await run("mark", "x", "--url", url);
    expect(ran.code).toBe(70);
    expect(ran.stderr).toBe(
      `pgsoak: the service does not answer at ${url} (ECONNREFUSED). Is pgsoak running, and is this its address?\n`,
    );
  });

  test("exit 64: the service refuses the words", async () => {
    await using pgsoak = await startPgsoak(mirrorTables(NOWHERE, ELSEWHERE));
    const to = ["--url", pgsoak.api("")];
    for (const argv of [
      ["mark", "a\nb"],
      ["mark", "x".repeat(2000)],
      ["epoch", "x", "--mirroring", "nobody"],
    ]) {
      const ran = await run(...argv, ...to);
      expect(ran.code).toBe(64);
      expect(ran.stderr).toMatch(/^pgsoak: the service refused: (text|reason|no mirroring has this name)/);
    }
    expect(await eventsOf(pgsoak)).toHaveLength(1);
  });

  test("exit 70: somebody else answers, and gets no second request with the token", async () => {
    await using other = await openFakeServer((request, response) => {
      if (request.url === "/reset") response.writeHead(307, { location: "/stolen" }).end();
      else response.writeHead(200).end("hello");
    });
    expect((await run("reset", "--url", other.url, "--token", TOKEN)).code).toBe(70);
    expect(other.paths).toEqual(["/reset"]);
    const marked = await run("mark", "x", "--url", other.url);
    expect(marked.stderr).toBe(`pgsoak: what answers at ${other.url} is not pgsoak (200)\n`);
  });
});

test.each(["mark", "epoch", "reset"])("%s --help gives examples", async (command) => {
  const { code, stdout } = await run(command, "--help");
  expect(code).toBe(0);
  expect(stdout).toContain(`$ pgsoak ${command}`);
});
