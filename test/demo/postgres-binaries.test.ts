// The programs run from where npm put them, and from a copy where that isn't possible.

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installedPostgresBinaries, preparePostgresBinaries } from "../../src/demo/postgres-binaries.ts";

const NOBODY = { uid: 65_534, gid: 65_534 };
const owner = process.getuid?.() === 0 ? NOBODY : null;

test.each([16, 18] as const)("the programs of PostgreSQL %i run where npm installed them", async (major) => {
  const installed = installedPostgresBinaries(major);
  const binaries = await preparePostgresBinaries(installed, null, "/nowhere");
  expect(binaries).toBe(installed);
  const version = execFileSync(join(binaries, "bin", "postgres"), ["--version"], { encoding: "utf8" });
  expect(version).toContain(`(PostgreSQL) ${major}.`);
});

test("programs that the server's user can't reach, or whose library links can't be made, run from a copy", async () => {
  using temporary = mkdtempDisposableSync(join(tmpdir(), "pgsoak-binaries-"));
  chmodSync(temporary.path, 0o711);
  const closed = join(temporary.path, "closed");
  const installed = join(closed, "native");
  mkdirSync(closed);
  cpSync(installedPostgresBinaries(16), installed, {
    recursive: true,
    // As npm leaves it without install scripts.
    filter: (source) => !lstatSync(source).isSymbolicLink(),
  });
  chmodSync(join(installed, "lib"), 0o555);
  chmodSync(closed, 0o700);
  const scratch = join(temporary.path, "scratch");
  mkdirSync(scratch);
  if (owner !== null) chownSync(scratch, owner.uid, owner.gid);

  const binaries = await preparePostgresBinaries(installed, owner, scratch);
  chmodSync(join(installed, "lib"), 0o755);

  expect(binaries).toBe(join(scratch, "native"));
  expect(existsSync(join(binaries, "lib", "libecpg.so"))).toBe(true);
  const version = execFileSync(join(binaries, "bin", "initdb"), ["--version"], {
    ...owner,
    cwd: "/",
    encoding: "utf8",
  });
  expect(version).toContain("(PostgreSQL) 16.");
});
