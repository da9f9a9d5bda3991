import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { createObservationLedger } from "../../src/projections/observations.ts";
import { createHealthBuffer, MirrorHealth } from "../../src/proxy/mirror/health.ts";
import { ConfigInForce } from "../../src/service/config-in-force.ts";
import { statesInForce } from "../../src/service/states-in-force.ts";
import { given } from "../projections/given.ts";
import { runStarted } from "../projections/facts.ts";

const CONFIG = `
[[databases]]
name = "*"
host = "127.0.0.1"
tls = "disable"

[[databases]]
name = "candidate"
host = "127.0.0.1"
port = 5433
tls = "disable"
user = "postgres"

[[mirroring]]
source_db = "*"
destination_db = "candidate"
`;
const MIRRORING = { name: "candidate", settings: {}, exposure: 1 };

type Change = "paused" | "resumed" | "mirror_down" | "observing" | "degraded";

/** What the ledger says when the log has heard `heard`, and then the states in force are said. */
async function ledgerAfter(
  heard: readonly Change[],
  { isPaused = false, isDown = false, isDegraded = false },
): Promise<unknown> {
  const inForce = new ConfigInForce(parseConfig(CONFIG, { file: null, env: {} }));
  inForce.paused = new Set(isPaused ? [MIRRORING.name] : []);
  const health = createHealthBuffer(1);
  if (isDown) new MirrorHealth(health, 0, 0).failed();
  const degraded = new Set(isDegraded ? [MIRRORING.name] : []);
  using folded = await given(createObservationLedger());
  const changes = heard.map((state, index) => {
    return { kind: "observation_changed", at: 2 + index, mirroring: MIRRORING.name, state, cause: "" } as const;
  });
  folded.when(runStarted(1, { mirrorings: [MIRRORING] }), ...changes);
  folded.when(...statesInForce({ inForce, health, degraded, at: 10 }));
  return folded.db.prepare("select from_us, state, mirror from observation where to_us is null").all();
}

test("a state that the log did not hear of begins when it is said again", async () => {
  const reached = [{ from_us: 10, state: "observing", mirror: "observing" }];
  expect(await ledgerAfter(["mirror_down"], {})).toEqual(reached);
  expect(await ledgerAfter(["paused"], {})).toEqual(reached);
  const degraded = [{ from_us: 10, state: "degraded", mirror: "degraded" }];
  expect(await ledgerAfter([], { isDegraded: true })).toEqual(degraded);
  expect(await ledgerAfter(["mirror_down"], { isDegraded: true })).toEqual(degraded);
  const down = [{ from_us: 10, state: "mirror_down", mirror: "mirror_down" }];
  expect(await ledgerAfter(["degraded"], { isDown: true, isDegraded: true })).toEqual(down);
  const paused = [{ from_us: 10, state: "paused", mirror: "mirror_down" }];
  expect(await ledgerAfter([], { isPaused: true, isDown: true })).toEqual(paused);
});

test("a state that the log knows goes on", async () => {
  expect(await ledgerAfter([], {})).toEqual([{ from_us: 1, state: "observing", mirror: "observing" }]);
  expect(await ledgerAfter(["mirror_down"], { isDown: true })).toMatchObject([{ from_us: 2, state: "mirror_down" }]);
  expect(await ledgerAfter(["paused"], { isPaused: true })).toMatchObject([{ from_us: 2, state: "paused" }]);
});
