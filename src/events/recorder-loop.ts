// The life of the recorder thread: it sleeps on a shared word until a producer or the main thread has something for it.
//
// After a commit it lets half the flush time pass, so that a busy system writes a few large batches; an event that comes
// to an idle system is written at once. Either way it is on disk within the flush time. The time between is for upkeep,
// which is done in steps that are short beside the flush time, and never while batches wait.

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Clock } from "../clock.ts";
import type { EventLog } from "./event-log.ts";
import { beat } from "./heartbeat.ts";
import type { RecorderCommand } from "./recorder-messages.ts";
import type { Recorder } from "./recorder.ts";
import type { KeptLimits } from "./retention.ts";
import type { Upkeep } from "./upkeep.ts";

const IDLE_MS = 1000;
const IDLED_MS = 15_000;
/**
 * So much wall time between two passes is no time of observation: the machine was suspended, the process stopped, the
 * clock set forward, or the disk hung. The same silence that the ledger takes for a gap behind the log's end.
 */
const STANDSTILL_MS = 60_000;
/** How long the stop command waits for producers to fall silent, and for a disk that refuses. */
const STOP_MS = 5000;

export interface RecorderLoopOptions {
  readonly recorder: Recorder;
  readonly log: EventLog;
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  /** One Int32, bumped and notified by whoever has work for the recorder. */
  readonly signal: SharedArrayBuffer;
  readonly commands: MessagePort;
  readonly flushMs: number;
  /** See heartbeat.ts: a beat at least every few seconds, unless the disk hangs. */
  readonly heartbeat: SharedArrayBuffer;
  /** Other limits hold for what of the log is kept. */
  readonly onLimits?: (limits: KeptLimits) => void;
  /** After so long without a batch the log says that there was nothing to write. Default: IDLED_MS. */
  readonly idledMs?: number;
  /** Wall time between two passes from which on it is a gap. Default: STANDSTILL_MS. */
  readonly standstillMs?: number;
}

/** Blocks its thread until the stop command. Returns whether all that was recorded is in the log. */
export function runRecorderLoop(options: RecorderLoopOptions): boolean {
  const { recorder, log, upkeep, clock, commands, flushMs, heartbeat } = options;
  const { idledMs = IDLED_MS, standstillMs = STANDSTILL_MS } = options;
  const signal = new Int32Array(options.signal);
  let committedMs = Number.NEGATIVE_INFINITY;
  let saidMs = clock.nowMs(); // when the log last heard anything
  let isTidy = true;
  let passedUs = clock.wallUs();
  for (;;) {
    beat(heartbeat);
    const wallUs = clock.wallUs();
    if (wallUs - passedUs > standstillMs * 1000) recorder.stoodStill(passedUs);
    passedUs = wallUs;
    const seen = Atomics.load(signal, 0);
    if (takeCommands(recorder, commands, options.onLimits)) return drainAll(recorder, clock, heartbeat);
    const drained = recorder.drain();
    if (drained === "failed") {
      pause(recorder.outage.pauseMs);
    } else if (drained === "idle") {
      if (upkeep.step()) continue;
      const isTimeout = Atomics.wait(signal, 0, seen, IDLE_MS) === "timed-out";
      if (isTimeout && !isTidy) isTidy = log.tidy();
      if (isTimeout && clock.nowMs() - saidMs >= idledMs) recorder.append({ kind: "idled", at: clock.wallUs() });
      pause(committedMs + flushMs / 2 - clock.nowMs());
    } else {
      committedMs = saidMs = clock.nowMs();
      isTidy = false;
      if (drained === "done") spend(flushMs / 2, upkeep, clock);
    }
  }
}

/** Returns whether the stop command was among them. */
function takeCommands(
  recorder: Recorder,
  commands: MessagePort,
  onLimits: (limits: KeptLimits) => void = () => {},
): boolean {
  for (;;) {
    const received = receiveMessageOnPort(commands);
    if (received === undefined) return false;
    const message: RecorderCommand = received.message;
    switch (message.type) {
      case "attach":
        recorder.attach(message.thread, message.ring, message.port);
        break;
      case "resume":
        recorder.resume(message.thread, message.ring, message.port);
        break;
      case "detach":
        recorder.detach(message.thread);
        break;
      case "append":
        recorder.append(message.event);
        break;
      case "reconfigure":
        recorder.reconfigure(message.mirrorings);
        onLimits({ retentionUs: message.retentionMs * 1000, maxBytes: message.maxSizeBytes });
        break;
      case "ask":
        recorder.ask(message.id, message.event);
        break;
      case "stop":
        return true;
    }
  }
}

function drainAll(recorder: Recorder, clock: Clock, heartbeat: SharedArrayBuffer): boolean {
  const deadlineMs = clock.nowMs() + STOP_MS;
  for (;;) {
    beat(heartbeat);
    const drained = recorder.drain();
    if (drained === "idle") return true;
    if (clock.nowMs() > deadlineMs) return drained !== "failed";
    if (drained === "failed") pause(recorder.outage.pauseMs);
  }
}

/** Lets the time pass that gathers events; upkeep may have it. */
function spend(ms: number, upkeep: Upkeep, clock: Clock): void {
  const endMs = clock.nowMs() + ms;
  let isMore = true;
  while (isMore && clock.nowMs() < endMs - ms / 2) isMore = upkeep.step();
  pause(endMs - clock.nowMs());
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps without listening to the signal: a producer's notify would end the pause that gathers its events. */
function pause(ms: number): void {
  if (ms > 0) Atomics.wait(never, 0, 0, ms);
}
