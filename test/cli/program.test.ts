import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BASE, ConfigFolder } from "../config/config-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/main.ts");

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function pgsoak(args: readonly string[], cwd = ROOT): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: "utf8", env: {} });
  return { code: status, stdout, stderr };
}

test("--version prints the version of the package", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(pgsoak(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test("--help names every command and shows examples", () => {
  const { code, stdout, stderr } = pgsoak(["--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const command of ["serve", "check", "demo", "stats", "events", "backup"])
    expect(stdout).toMatch(`\n  ${command} `);
  expect(stdout).toContain("Examples:\n  $ pgsoak demo");
});

test.for(["serve", "check", "demo", "stats", "events", "backup"])("%s --help shows examples", (command) => {
  const { code, stdout } = pgsoak([command, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: pgsoak ${command}`);
  expect(stdout).toMatch(/Examples:\n +(\$ )?pgsoak /);
});

describe("a usage error is one line and exit code 64", () => {
  test.for<[string[], string]>([
    [["chek"], "pgsoak: unknown command 'chek' (Did you mean check?)\n"],
    [["check", "--confg", "x"], "pgsoak: unknown option '--confg' (Did you mean --config?)\n"],
    [["check", "--config"], "pgsoak: option '--config <path>' argument missing\n"],
    [["check", "extra"], "pgsoak: too many arguments for 'check'. Expected 0 arguments but got 1: extra.\n"],
    [["--frobnicate"], "pgsoak: unknown option '--frobnicate'\n"],
    [
      ["--config", "x", "check"],
      "pgsoak: unknown option '--config'. Options stand behind the command: pgsoak check --config …\n",
    ],
    [
      ["readiness", "--json", "--format", "html"],
      "pgsoak: option '--json' cannot be used with option '--format <format>'\n",
    ],
    [
      ["events", "--limit", "0"],
      "pgsoak: option '--limit <count>' argument '0' is invalid. It must be a whole number above 0.\n",
    ],
  ])("%j", ([args, stderr]) => {
    expect(pgsoak(args)).toEqual({ code: 64, stdout: "", stderr });
  });
});

test.runIf(process.platform === "linux")("output that can't be written is one line and exit code 70", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "--help"], {
    encoding: "utf8",
    env: {},
    stdio: ["ignore", full, "pipe"],
  });
  closeSync(full);
  expect([status, stderr]).toEqual([
    70,
    "pgsoak: the output can't be written: ENOSPC: no space left on device, write\n",
  ]);
});

test("no command at all prints the help as an error", () => {
  const { code, stdout, stderr } = pgsoak([]);
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toContain("Usage: pgsoak");
});

test("the configuration is ./pgsoak.toml when nobody says", () => {
  using folder = new ConfigFolder();
  expect(pgsoak(["check"], folder.path)).toMatchObject({ code: 78, stdout: "" });
  folder.write("pgsoak.toml", BASE);
  expect(pgsoak(["check"], folder.path)).toMatchObject({ code: 0 });
});

test("serve starts nothing with a wrong configuration", () => {
  using folder = new ConfigFolder();
  folder.write("pgsoak.toml", `${BASE}[general]\nauth = "userlist"`);
  expect(pgsoak(["serve"], folder.path)).toEqual({
    code: 78,
    stdout: "",
    stderr: 'pgsoak.toml:11: general.auth: "userlist" needs at least one [[users]] entry, but there is none\n',
  });
});

describe("what needs no event log doesn't load SQLite", () => {
  test.for([["--help"], ["help", "stats"], ["events", "--help"], ["check"]])("%j", (args) => {
    expect(loadedBy(args)).not.toMatch(/better-sqlite3|src\/service\.ts/);
  });

  test("and this would be seen", () => {
    expect(loadedBy(["stats", "--db", "./missing.db"])).toMatch("better-sqlite3");
  });
});

/** The URLs of all modules that a run loads, one a line. */
function loadedBy(args: readonly string[]): string {
  using folder = new ConfigFolder();
  folder.write("pgsoak.toml", BASE);
  const spy = folder.write(
    "spy.mjs",
    `import { registerHooks } from "node:module";
    import { appendFileSync } from "node:fs";
    registerHooks({ load(url, context, next) { appendFileSync("loaded", url + "\\n"); return next(url, context); } });`,
  );
  spawnSync(process.execPath, ["--import", spy, MAIN, ...args], { cwd: folder.path, env: {} });
  const loaded = readFileSync(join(folder.path, "loaded"), "utf8");
  expect(loaded).toMatch("src/cli/program.ts");
  return loaded;
}

test("an old Node.js is told which one is needed, before anything is imported", () => {
  using folder = new ConfigFolder();
  const pretend = folder.write("old.mjs", 'Object.defineProperty(process.versions, "node", { value: "24.10.9" });');
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", pretend, MAIN, "--version"], {
    encoding: "utf8",
    env: {},
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 70,
    stdout: "",
    stderr: "pgsoak needs Node.js 24.11 or later, this is 24.10.9\n",
  });
});
