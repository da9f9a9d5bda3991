// The main thread's hold on the recorder thread: starts it, wakes it, hears how recording goes, stops it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type EventAppender, NotRecordedError } from "../api/event-appender.ts";
import type { RecordingStatus } from "../api/live-status.ts";
import type { Config } from "../config/config.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import type { NewEvent, RunMirroring } from "../events/event.ts";
import type { RecorderCommand, RecorderReport } from "../events/recorder-messages.ts";
import type { Log } from "../log.ts";
import { workerUrl } from "./worker-url.ts";

/** What was recorded must reach the file; a disk that hangs must not keep the process for ever. */
const STOP_MS = 10_000;
/** Events that wait for the log's answer, and for how long. */
const ASKED_MAX = 100;
const ASKED_MS = 5000;

export interface RecorderIdentity {
  readonly version: string;
  readonly host: string;
  readonly configHash: string;
  readonly mirrorings: readonly RunMirroring[];
  readonly metricsEnabled: boolean;
}

export class RecorderHandle implements EventAppender {
  /** Producers bump and notify it after they published. */
  readonly signal: SharedArrayBuffer;
  readonly #worker: Worker;
  readonly #commands: MessagePort;
  readonly #log: Log;
  readonly #ready = Promise.withResolvers<number>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #asked = new Map<number, (seq: number | null, cause: string) => void>();
  #askedIds = 0;
  #run = 0;
  #stopping = false;
  #status: RecordingStatus = { state: "ok", cause: "" };

  private constructor(config: Config, identity: RecorderIdentity, log: Log) {
    const { port1, port2 } = new MessageChannel();
    const { path, synchronous, flushMs } = config.events;
    this.signal = new SharedArrayBuffer(4);
    this.#commands = port1;
    this.#log = log;
    this.#worker = new Worker(workerUrl("recorder-thread"), {
      workerData: { path, synchronous, flushMs, ...identity, signal: this.signal, commands: port2 },
      transferList: [port2],
    });
    this.#worker.on("message", (report: RecorderReport) => this.#reported(report));
    this.#worker.on("error", (error) => {
      this.#ready.reject(error);
      this.#broke(messageOf(error));
    });
    this.#worker.on("exit", (code) => {
      this.#ready.reject(new Error(`the recorder ended with code ${code} before it was ready`));
      this.#stopped.resolve();
      this.#broke("the recorder has ended");
    });
  }

  /** Opens the log in a thread of its own. Rejects with what the operator must know when that fails. */
  static async start(config: Config, identity: RecorderIdentity, log: Log): Promise<RecorderHandle> {
    const handle = new RecorderHandle(config, identity, log);
    try {
      handle.#run = await handle.#ready.promise;
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

  get status(): RecordingStatus {
    return this.#status;
  }

  send(command: RecorderCommand, transfer: MessagePort[] = []): void {
    this.#commands.postMessage(command, transfer);
    const cells = new Int32Array(this.signal);
    Atomics.add(cells, 0, 1);
    Atomics.notify(cells, 0);
  }

  append(event: NewEvent): Promise<number> {
    const { state, cause } = this.#status;
    if (state === "broken") return Promise.reject(new NotRecordedError(cause));
    if (this.#stopping) return Promise.reject(new NotRecordedError("pgsoak is stopping"));
    if (this.#asked.size >= ASKED_MAX) return Promise.reject(new NotRecordedError("too many are waiting for the log"));
    const id = ++this.#askedIds;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => {
      this.#answered(id, null, "the log did not answer in time: look whether it is there before you try again");
    }, ASKED_MS);
    this.#asked.set(id, (seq, why) => {
      clearTimeout(timer);
      if (seq === null) reject(new NotRecordedError(why));
      else resolve(seq);
    });
    this.send({ type: "ask", id, event });
    return promise;
  }

  /** Everything published so far is written, the run is closed, the file is let go. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.send({ type: "stop" });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([this.#stopped.promise, timeout]);
    clearTimeout(timer);
    await this.terminate();
  }

  async terminate(): Promise<void> {
    this.#stopping = true;
    this.#commands.close();
    await this.#worker.terminate();
  }

  #reported(report: RecorderReport): void {
    switch (report.type) {
      case "ready":
        this.#ready.resolve(report.run);
        return;
      case "failed":
        this.#stopping = true;
        this.#ready.reject(new PgsoakError(report.code, report.message));
        return;
      case "recording":
        this.#changed({ state: report.state, cause: report.cause });
        return;
      case "log":
        this.#log[report.level](report.message, report.fields);
        return;
      case "appended":
        this.#answered(report.id, report.seq, "the log can't be written at the moment");
        return;
      case "stopped":
        this.#stopped.resolve();
    }
  }

  #answered(id: number, seq: number | null, cause: string): void {
    this.#asked.get(id)?.(seq, cause);
    this.#asked.delete(id);
  }

  #broke(cause: string): void {
    for (const id of this.#asked.keys()) this.#answered(id, null, cause);
    if (!this.#stopping) this.#changed({ state: "broken", cause });
  }

  #changed(status: RecordingStatus): void {
    this.#status = status;
    if (status.state === "broken") this.#log.error("recording is broken", { cause: status.cause });
    else this.#log.info("recording works again");
  }
}
