import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { exitCodeOf, messageOf } from "../../src/errors.ts";
import { BASE, ConfigFolder } from "./config-folder.ts";

function failure(path: string, cwd: string): unknown {
  try {
    loadConfig({ path, env: {}, cwd });
  } catch (error) {
    return error;
  }
  throw new Error("it was loaded");
}

test("a missing file is one clear message and the exit code of a configuration error", () => {
  using folder = new ConfigFolder();
  const error = failure("./pgsoak.toml", folder.path);
  expect(messageOf(error)).toBe(
    `there is no configuration file ${folder.path}/pgsoak.toml: ` +
      "name one with --config, or begin with a copy of pgsoak.example.toml",
  );
  expect(exitCodeOf(error)).toBe(78);
});

test("a directory in place of the file, or a file that isn't text, is said", () => {
  using folder = new ConfigFolder();
  mkdirSync(join(folder.path, "directory"));
  const file = folder.write("binary.toml", new Uint8Array([0x61, 0xff, 0xfe]));
  expect(messageOf(failure("directory", folder.path))).toBe(
    `${folder.path}/directory: cannot read the configuration: EISDIR: illegal operation on a directory, read`,
  );
  expect(messageOf(failure(file, "/"))).toBe(`${file}: not valid TOML: the file is not UTF-8`);
});

test("mistakes name the file as it was asked for", () => {
  using folder = new ConfigFolder();
  const file = folder.write("other.toml", `${BASE}[api]\nport = 0\n`);
  const mistake = "11: api.port: expected an integer from 1 to 65535, got 0";
  expect(messageOf(failure("./other.toml", folder.path))).toBe(`other.toml:${mistake}`);
  expect(messageOf(failure(file, "/"))).toBe(`${file}:${mistake}`);
});

test("a byte order mark and Windows line ends are no mistakes", () => {
  using folder = new ConfigFolder();
  expect(folder.load(`\uFEFF${BASE.replaceAll("\n", "\r\n")}`).databases).toHaveLength(2);
});
