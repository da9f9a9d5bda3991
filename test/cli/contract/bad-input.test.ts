// Every command × every option and argument, as commander has them, with everything that is no value: one clear sentence and
// the exit code of its kind, and nothing that was begun and left.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, Option } from "commander";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOSTILE_TEXTS, hostileText } from "../../api/contract/hostile-values.ts";
import { type ApiFixture } from "../../api/api-fixture.ts";
import { openBusyApi } from "../../api/busy-api.ts";
import { BASE } from "../../config/config-folder.ts";
import { mirrored, queued, runStarted, tallied } from "../../projections/facts.ts";
import { type LogFixture, openLogFixture, type Ran, run } from "../log-fixture.ts";
import { ENDLESS, type Places, readCommands, WORDS } from "./command-line.ts";

const AT = 1_700_000_000_000_000;
const RANDOM_RUNS = 60;
const LINE_CHARACTERS_MAX = 600;
/** Verdicts and findings are no errors. */
const FINDINGS = [0, 1, 2];
const ERRORS = [64, 70, 78];
/** What a process can't be given, and paths that lead out of the folder of this test. */
const isSafe = (text: string): boolean => !text.includes("\0") && !text.includes("/") && text.isWellFormed();
const VALUES = [...HOSTILE_TEXTS.filter(isSafe), "nowhere/at/all", ".", "no\nline", "\u009b2J", "=", "a=b", "--json"];

let api: ApiFixture;
let small: LogFixture;
let places: Places;
let commands: readonly Command[];
const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "pgsoak-words-"));

async function openSmallLog(): Promise<LogFixture> {
  const fixture = await openLogFixture();
  const lane = fixture.log.lanes.register("pg18", "app");
  fixture.log.appendBatch([runStarted(AT), queued(AT, { lane }), mirrored(AT, { lane }), tallied(AT, 1, { lane })]);
  return fixture;
}

beforeAll(async () => {
  [api, small, commands] = await Promise.all([openBusyApi(), openSmallLog(), readCommands()]);
  places = { log: small.path, url: `http://127.0.0.1:${api.port}` };
  process.chdir(folder);
  writeFileSync("right.toml", BASE);
});
afterAll(async () => {
  process.chdir(root);
  rmSync(folder, { recursive: true });
  small[Symbol.dispose]();
  await api[Symbol.asyncDispose]();
});

const wordsOf = (command: Command): readonly string[] => WORDS[command.name()]?.(places) ?? [];
const valued = (command: Command): Option[] => command.options.filter((option) => option.required || option.optional);

/** Runs it; whatever came of it is what the documents say, and an error has left nothing. */
async function runClearly(...argv: string[]): Promise<Ran> {
  const before = readdirSync(".").toSorted();
  const ran = await run(...argv);
  const about = JSON.stringify(argv).slice(0, 300);
  const { code, stdout, stderr } = ran;
  expect([about, [...FINDINGS, ...ERRORS]]).toEqual([about, expect.arrayContaining([code])]);
  if (FINDINGS.includes(code)) {
    expect([about, stderr]).toEqual([about, expect.not.stringMatching(/error|\n\s+at /i)]);
    for (const file of readdirSync(".")) if (!before.includes(file)) rmSync(file);
    return ran;
  }
  expect([about, stdout]).toEqual([about, ""]);
  const lines = stderr.split("\n");
  expect([about, lines.pop(), lines.length]).toEqual([about, "", 1]);
  const line = lines[0]!;
  // What is wrong with the configuration begins with its file, so that editors find the place.
  if (code !== 78) expect([about, line]).toEqual([about, expect.stringMatching(/^pgsoak: /)]);
  expect([about, line]).toEqual([about, expect.not.stringMatching(/[\p{Cc}\u202a-\u202e]|\.ts:\d/u)]);
  expect([about, line.length < LINE_CHARACTERS_MAX]).toEqual([about, true]);
  expect([about, readdirSync(".").toSorted()]).toEqual([about, before]);
  return ran;
}

test("every command has words with which it ends by itself", async () => {
  expect(commands.map((command) => command.name()).toSorted()).toEqual(Object.keys(WORDS).toSorted());
  for (const command of commands) {
    const words = wordsOf(command);
    const { code } = await runClearly(command.name(), ...words);
    const expected = words.includes("surplus") ? [64] : FINDINGS;
    expect([command.name(), expected]).toEqual([command.name(), expect.arrayContaining([code])]);
  }
});

describe("whatever an option is given, it is taken or refused in one sentence", () => {
  // The names alone are needed before anything is open.
  test.each(Object.keys(WORDS))("%s", async (name) => {
    const command = commands.find((each) => each.name() === name)!;
    for (const option of valued(command)) {
      for (const value of VALUES) await runClearly(name, ...wordsOf(command), `${option.long}=${value}`);
    }
  });
});

test("a choice that is none, an option without its value and one that takes none are usage errors", async () => {
  for (const command of commands) {
    const words = [command.name(), ...wordsOf(command)];
    for (const option of command.options) {
      const name = option.long ?? "";
      if (option.required) expect([name, (await runClearly(...words, name)).code]).toEqual([name, 64]);
      if (option.argChoices !== undefined) {
        expect([name, (await runClearly(...words, `${name}=frobnicate`)).code]).toEqual([name, 64]);
      }
      if (!option.required && !option.optional) {
        expect([name, (await runClearly(...words, `${name}=1`)).code]).toEqual([name, 64]);
      }
    }
  }
});

test("unknown options, missing arguments and surplus ones are usage errors of every command", async () => {
  for (const command of commands) {
    const words = [command.name(), ...wordsOf(command)];
    for (const option of ["--frobnicate", "-x", "--JSON", "--cnfig=1", "--=", "---", "--😀", "--\u001b[2J"]) {
      expect([words, option, (await runClearly(...words, option)).code]).toEqual([words, option, 64]);
    }
    const { registeredArguments } = command;
    if (registeredArguments.some(({ required }) => required)) {
      expect([command.name(), (await runClearly(command.name())).code]).toEqual([command.name(), 64]);
    }
    if (registeredArguments.every(({ variadic }) => !variadic)) {
      expect([words, (await runClearly(...words, "\u001b[2J")).code]).toEqual([words, 64]);
    }
  }
});

test("whatever an argument is given, it is taken or refused in one sentence", async () => {
  for (const command of commands) {
    const count = command.registeredArguments.length;
    for (let place = 0; place < count; place++) {
      for (const value of VALUES) {
        const words = [...wordsOf(command)];
        words.splice(place, 1);
        const before = words.splice(0, place);
        const { code } = await runClearly(
          command.name(),
          ...words,
          "--",
          ...before,
          value,
          ...words.splice(0, count - place - 1),
        );
        expect(ERRORS.concat(FINDINGS)).toContain(code);
      }
    }
  }
});

test("a configuration that is none is exit 78 of every command that needs it", async () => {
  writeFileSync("broken.toml", "[general\nport = ");
  writeFileSync("binary.toml", Buffer.from([0xff, 0xfe, 0x00, 0x01]));
  writeFileSync("wrong.toml", `${BASE}[general]\nport = "x"\n`);
  const readers = commands.filter((command) => command.options.some(({ long }) => long === "--config"));
  expect(readers.length).toBeGreaterThan(10);
  for (const command of readers) {
    const own = command.registeredArguments.map((argument) => (argument.name() === "file" ? "copy.db" : "24h"));
    for (const file of ["missing.toml", ".", "broken.toml", "binary.toml", "wrong.toml", "right.toml/x"]) {
      const { code } = await runClearly(command.name(), ...own, "--config", file);
      expect([command.name(), file, code]).toEqual([command.name(), file, 78]);
    }
  }
  for (const file of ["broken.toml", "binary.toml", "wrong.toml"]) rmSync(file);
});

test("options are taken together, or refused in one sentence", async () => {
  const values = fc.oneof(fc.constantFrom(...VALUES), hostileText.filter(isSafe));
  const picked = fc.array(fc.tuple(fc.nat(99), values), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.nat(commands.length - 1), picked, async (at, pairs) => {
      const command = commands[at]!;
      const options = command.options.filter(({ long }) => !ENDLESS.has(long ?? ""));
      const words = pairs.map(([place, value]) => {
        const option = options[place % options.length]!;
        return option.required ? `${option.long}=${value}` : (option.long ?? "");
      });
      await runClearly(command.name(), ...wordsOf(command), ...words);
    }),
    { numRuns: RANDOM_RUNS },
  );
});
