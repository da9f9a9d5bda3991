// The systemd unit, looked at by systemd itself.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GENERAL } from "../../src/config/schema.ts";
import { lacksProgram } from "../helpers/needs-program.ts";

const text = readFileSync(join(import.meta.dirname, "../../deploy/pgsoak.service"), "utf8");
const PROGRAM = "/opt/pgsoak/node_modules/.bin/pgsoak";
/** Of 100; a unit without any of these settings has 96. */
const EXPOSURE_MAX = 20;

/** The values of a setting of the unit. */
const values = (name: string): string[] =>
  [...text.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value!);

describe.skipIf(lacksProgram("systemd-analyze", "REQUIRE_SYSTEMD"))("systemd", () => {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-unit-"));
  const unit = join(folder, "pgsoak.service");
  // It looks whether the program is there, which it is only where pgsoak is installed.
  beforeAll(() => writeFileSync(unit, text.replace(PROGRAM, "/bin/true")));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("finds no mistake in the unit", () => {
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("finds little that the service is exposed to", () => {
    const args = ["security", "--offline=true", `--threshold=${EXPOSURE_MAX}`, "--no-pager", unit];
    const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, expect.stringContaining("Overall exposure level")]);
  });
});

test("the unit stops with SIGTERM, waits longer than pgsoak does, and reloads with SIGHUP", () => {
  expect(values("KillSignal")).toEqual(["SIGTERM"]);
  expect(values("ExecReload")).toEqual(["/bin/kill -HUP $MAINPID"]);
  expect(Number(values("TimeoutStopSec")[0]) * 1000).toBeGreaterThanOrEqual(
    Number(GENERAL.shutdown_timeout_ms.fallback) + 15_000,
  );
});

test("the unit runs pgsoak as a user of its own, with descriptors for the default limit of clients", () => {
  expect(values("ExecStart")).toEqual([`${PROGRAM} serve --config /etc/pgsoak/pgsoak.toml`]);
  expect(values("User")).toEqual(["pgsoak"]);
  expect(values("WorkingDirectory")).toEqual([`/var/lib/${values("StateDirectory")[0]}`]);
  expect(Number(values("LimitNOFILE")[0])).toBeGreaterThan(3 * Number(GENERAL.max_connections.fallback));
});
