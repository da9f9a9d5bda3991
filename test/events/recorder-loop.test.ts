import { MessageChannel, type MessagePort } from "node:worker_threads";
import { expect, test } from "vitest";
import { createHeartbeatBuffer } from "../../src/events/heartbeat.ts";
import type { MirrorEvent } from "../../src/events/event.ts";
import { runRecorderLoop } from "../../src/events/recorder-loop.ts";
import type { RecorderCommand, RecorderReport } from "../../src/events/recorder-messages.ts";
import { Upkeep } from "../../src/events/upkeep.ts";
import { NOW_US, openRecorder } from "./recorder-fixture.ts";

const send = (port: MessagePort, command: RecorderCommand): void => port.postMessage(command);

/** What the loop writes when so much wall time goes by between its first pass and its second. */
async function loopThatMisses(missedMs: number): Promise<{ events: MirrorEvent[]; reports: RecorderReport[] }> {
  const wall = { us: NOW_US };
  const clock = { nowMs: () => 0, wallUs: () => wall.us };
  using fixture = await openRecorder({ clock });
  const { recorder, log, reports } = fixture;
  const { port1: commands, port2: main } = new MessageChannel();
  const signal = new SharedArrayBuffer(4);
  // Asked in the first pass, when its commands are taken already; the second pass finds the stop command.
  const due = (): null => {
    wall.us += missedMs * 1000;
    send(main, { type: "stop" });
    Atomics.add(new Int32Array(signal), 0, 1);
    return null;
  };
  const retention = { due, remove: () => 0, giveBack: () => {} };
  const isWhole = runRecorderLoop({
    recorder,
    log,
    upkeep: new Upkeep({ log, retention, clock, report: () => {} }),
    clock,
    signal,
    heartbeat: createHeartbeatBuffer(),
    commands,
    flushMs: 50,
  });
  main.close();
  expect(isWhole).toBe(true);
  return { events: fixture.events(), reports: [...reports] };
}

test("more than a minute of wall time between two passes is a gap that lost nothing, also when a stop comes next", async () => {
  const { events, reports } = await loopThatMisses(60_001);
  const [from, to] = [NOW_US, NOW_US + 60_001_000];
  expect(events).toEqual([
    { kind: "unrecorded", seq: 1, at: to, lane: null, from, to, requests: 0, cause: "standstill" },
  ]);
  const message = "the process stood still or the clock was set forward: that time is a gap";
  expect(reports).toEqual([{ type: "log", level: "warn", message, fields: { seconds: 60 } }]);
});

test("a minute between two passes is none", async () => {
  expect(await loopThatMisses(60_000)).toEqual({ events: [], reports: [] });
});
