// The main thread's hold on the recorder: starts it, wakes it, hears how recording goes, sees when it hangs, starts it
// again when it died, stops it.

import type { MessagePort } from "node:worker_threads";
import { type EventAppender, NotRecordedError } from "../api/event-appender.ts";
import type { RecordingStatus } from "../api/live-status.ts";
import type { Config } from "../config/config.ts";
import { messageOf } from "../errors.ts";
import type { NewEvent, RunMirroring } from "../events/event.ts";
import type { EventPlace } from "../events/event-place.ts";
import type { Rebuilding } from "../events/fold-rebuild.ts";
import { createHeartbeatBuffer, Pulse } from "../events/heartbeat.ts";
import type { RecorderCommand } from "../events/recorder-messages.ts";
import type { Log } from "../log.ts";
import { AskedEvents } from "./asked-events.ts";
import { type LifeReport, RecorderLife } from "./recorder-life.ts";
import { runMirrorings } from "./run-mirrorings.ts";
import { workerUrl } from "./worker-url.ts";

/** What was recorded must reach the file; a disk that hangs must not keep the process for ever. */
const STOP_MS = 10_000;
const RESTART_MIN_MS = 200;
const RESTART_MAX_MS = 10_000;
/** A recorder that lived so long had no fault from its start. */
const HEALTHY_MS = 60_000;
const PULSE_MS = 500;
/** The recorder comes by at least once a second; a large batch on a slow disk may take longer. */
const SILENT_MAX_MS = 5000;
/** Events for a recorder that is being started again. */
const HELD_MAX = 10_000;

const WORKS: RecordingStatus = { state: "ok", cause: "" };

export interface RecorderIdentity {
  readonly version: string;
  readonly host: string;
  readonly configHash: string;
  readonly mirrorings: readonly RunMirroring[];
  readonly metricsEnabled: boolean;
}

export class RecorderHandle implements EventAppender {
  /** Producers bump and notify it after they published. */
  readonly signal = new SharedArrayBuffer(4);
  /** Called when another recorder has taken the place of one that died: it knows no thread yet. */
  onRestarted: () => void = () => {};
  #config: Config;
  #identity: RecorderIdentity;
  readonly #log: Log;
  readonly #entry: URL;
  readonly #heartbeat = createHeartbeatBuffer();
  readonly #pulse = new Pulse(this.#heartbeat, performance.now());
  readonly #pulseTimer: NodeJS.Timeout;
  #life: RecorderLife;
  #isAlive = false;
  #held: RecorderCommand[] = [];
  #restartMs = RESTART_MIN_MS;
  #restartTimer: NodeJS.Timeout | undefined;
  readonly #asked = new AskedEvents();
  #run = 0;
  #stopping = false;
  /** What the recorder says of itself, and what is seen from outside. */
  #reported = WORKS;
  #hanging = WORKS;
  #rebuilding: Rebuilding | null = null;

  private constructor(config: Config, identity: RecorderIdentity, log: Log, entry: URL) {
    this.#config = config;
    this.#identity = identity;
    this.#log = log;
    this.#entry = entry;
    this.#life = this.#begin(null);
    this.#pulseTimer = setInterval(() => this.#feelPulse(), PULSE_MS);
  }

  /**
   * Opens the log in a thread of its own, `entry`. Rejects with what the operator must know when that fails.
   */
  static async start(
    config: Config,
    identity: RecorderIdentity,
    log: Log,
    entry = workerUrl("recorder-thread"),
  ): Promise<RecorderHandle> {
    const handle = new RecorderHandle(config, identity, log, entry);
    try {
      handle.#run = await handle.#life.ready;
      handle.#lives();
      return handle;
    } catch (error) {
      await handle.terminate();
      throw error;
    }
  }

  /** The number of the run that it writes. */
  get run(): number {
    return this.#run;
  }

  /** False from its death until another one has taken its place. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** How far the rebuild of projections has come; null when all are whole. */
  get rebuilding(): Rebuilding | null {
    return this.#rebuilding;
  }

  get status(): RecordingStatus {
    return this.#hanging.state === "broken" ? this.#hanging : this.#reported;
  }

  /** Events wait for a recorder that is being started again; what concerns threads is said anew by onRestarted. */
  send(command: RecorderCommand, transfer: MessagePort[] = []): void {
    if (this.#isAlive) this.#life.send(command, transfer);
    else if (command.type === "append" && this.#held.length < HELD_MAX) this.#held.push(command);
    const cells = new Int32Array(this.signal);
    Atomics.add(cells, 0, 1);
    Atomics.notify(cells, 0);
  }

  /** Goes on under other settings; a recorder that is being started again learns of them when it lives. */
  reconfigure(config: Config): void {
    const mirrorings = runMirrorings(config);
    const { retentionMs, maxSizeBytes } = config.events;
    this.#config = config;
    this.#identity = { ...this.#identity, mirrorings };
    this.send({ type: "reconfigure", mirrorings, retentionMs, maxSizeBytes });
  }

  append(event: NewEvent): Promise<EventPlace> {
    const { state, cause } = this.status;
    if (state === "broken") return Promise.reject(new NotRecordedError(cause));
    if (this.#stopping) return Promise.reject(new NotRecordedError("pgsoak is stopping"));
    return this.#asked.ask((id) => this.send({ type: "ask", id, event }));
  }

  /** Everything published so far is written, the run is closed, the file is let go. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#isAlive) {
      this.send({ type: "stop" });
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
      await Promise.race([this.#life.ended, timeout]);
      clearTimeout(timer);
    }
    await this.terminate();
  }

  async terminate(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#pulseTimer);
    clearTimeout(this.#restartTimer);
    await this.#life.terminate();
  }

  #begin(resume: number | null): RecorderLife {
    const { path, synchronous, flushMs, retentionMs, maxSizeBytes } = this.#config.events;
    const shared = { signal: this.signal, heartbeat: this.#heartbeat };
    return new RecorderLife(
      this.#entry,
      { path, synchronous, flushMs, retentionMs, maxSizeBytes, ...this.#identity, ...shared, resume },
      (report) => this.#heard(report),
    );
  }

  #heard(report: LifeReport): void {
    switch (report.type) {
      case "rebuilding":
        this.#rebuilding = report.rebuilding;
        return;
      case "log":
        this.#log[report.level](report.message, report.fields);
        return;
      case "appended":
        this.#asked.answer(report.id, report.place, "the log can't be written at the moment");
        return;
      case "recording":
        this.#change(() => (this.#reported = { state: report.state, cause: report.cause }));
    }
  }

  #lives(): void {
    this.#isAlive = true;
    const bornMs = performance.now();
    void this.#life.ended.then((reason) => {
      this.#isAlive = false;
      this.#asked.giveUp("the recorder has ended: look whether it is there before you try again");
      // One that dies again and again is given longer and longer pauses.
      if (performance.now() - bornMs > HEALTHY_MS) this.#restartMs = RESTART_MIN_MS;
      if (!this.#stopping) this.#died(reason);
    });
  }

  #died(cause: string): void {
    this.#log.error("the recorder ended and is restarted", { cause });
    this.#change(() => (this.#reported = { state: "broken", cause: `the recorder has ended (${cause})` }));
    this.#restartLater();
  }

  #restartLater(): void {
    this.#restartTimer = setTimeout(() => void this.#restart(), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MAX_MS);
  }

  async #restart(): Promise<void> {
    this.#life = this.#begin(this.#run);
    try {
      await this.#life.ready;
    } catch (error) {
      if (this.#stopping) return;
      const cause = messageOf(error);
      this.#log.error("the recorder could not be restarted", { cause });
      this.#change(() => (this.#reported = { state: "broken", cause }));
      this.#restartLater();
      return;
    }
    if (this.#stopping) return;
    this.#lives();
    // They may have changed since it was begun; what it knows already is no news to it.
    this.reconfigure(this.#config);
    this.onRestarted();
    for (const command of this.#held) this.send(command);
    this.#held = [];
    this.#change(() => (this.#reported = WORKS));
  }

  /** A thread that hangs in the kernel says nothing: that it is silent is all there is to see. */
  #feelPulse(): void {
    const silentMs = this.#pulse.silentMs(performance.now());
    const isHanging = this.#isAlive && !this.#stopping && silentMs > SILENT_MAX_MS;
    if (isHanging === (this.#hanging.state === "broken")) return;
    const cause = `the disk does not answer: the recorder has been waiting for it for more than ${SILENT_MAX_MS / 1000} seconds`;
    this.#change(() => (this.#hanging = isHanging ? { state: "broken", cause } : WORKS));
  }

  #change(change: () => void): void {
    const before = this.status;
    change();
    const { state, cause } = this.status;
    if (state === before.state && cause === before.cause) return;
    if (state === "broken") this.#log.error("recording is broken", { cause });
    else this.#log.info("recording works again");
  }
}
