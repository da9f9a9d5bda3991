import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { BASE, ConfigFolder } from "../config/config-folder.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const code = await runProgram(args, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env,
  });
  return { code, stdout, stderr };
}

test("check prints the effective configuration, secrets masked, and warnings beside it", async () => {
  using folder = new ConfigFolder();
  const file = folder.write("soak.toml", `${BASE}[api]\ntoken = "hunter2"\n[general]\nthreads = 2`);
  const { code, stdout, stderr } = await run(["check", "--config", file], { PGSOAK__GENERAL__PORT: "7000" });
  expect(code).toBe(0);
  expect(stdout).toContain("port = 7000");
  expect(stdout).toContain('token = "********"');
  expect(stdout + stderr).not.toContain("hunter2");
  expect(stderr.split("\n")).toEqual([
    'pgsoak: warning: databases.tls = "prefer" takes plaintext where the server has no TLS, and checks no certificate: "app", "candidate"',
    'pgsoak: warning: databases "candidate": this mirror is entered without a password, which it must allow (trust)',
    "pgsoak: note: admin: without a password everybody on this machine may pause, change, reset and stop pgsoak",
    "",
  ]);
});

test("what check prints is a configuration that check accepts", async () => {
  using folder = new ConfigFolder();
  const first = await run(["check", "--config", folder.write("a.toml", BASE)]);
  const second = await run(["check", "--config", folder.write("b.toml", first.stdout)]);
  expect(second).toEqual(first);
});

test("check --json prints the same as one JSON document under the names of the file", async () => {
  using folder = new ConfigFolder();
  const { code, stdout } = await run(["check", "--json", "--config", folder.write("soak.toml", BASE)]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    general: { port: 6432, max_message_bytes: "1 GiB" },
    databases: [{ name: "app" }, { name: "candidate" }],
    mirroring: [{ source_db: "app", queue_length: 100 }],
    users: [],
    readiness: { windows: ["24h", "all"] },
  });
});

test("a wrong configuration is exit code 78, a line for each mistake and nothing on standard output", async () => {
  using folder = new ConfigFolder();
  const file = folder.write("soak.toml", `${BASE}[api]\nport = 0\nprot = 1\n`);
  expect(await run(["check", "--config", file])).toEqual({
    code: 78,
    stdout: "",
    stderr:
      `${file}:11: api.port: expected an integer from 1 to 65535, got 0\n` +
      `${file}:12: api.prot: unknown key (did you mean "port"?)\n`,
  });
});
