// The proxy threads: starts them on one port, carries cancels between them, restarts one that died, stops them all.

import { randomBytes } from "node:crypto";
import { MessageChannel, Worker } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import { createRingBuffer } from "../events/ring.ts";
import type { Log } from "../log.ts";
import { createGaugeBuffer, Gauges } from "../proxy/gauges.ts";
import { createHealthBuffer, MirrorHealth } from "../proxy/mirror/health.ts";
import type { ClientFacts, ProxyCommand, ProxyReport, ProxyThreadData } from "../proxy/thread-messages.ts";
import type { RecorderHandle } from "./recorder-handle.ts";
import { ThreadQuestions } from "./thread-questions.ts";
import { workerUrl } from "./worker-url.ts";

/** 4 MiB a thread; at 2 records a request and 20,000 requests a second it holds more than a second of traffic. */
const RING_SLOTS = 1 << 16;
/** Numbers that one life of a thread may use; see ProxyThreadData.firstId. */
const IDS_PER_LIFE = 2 ** 36;
const RESTART_MS = 200;
const STRANGER_SECRET_BYTES = 32;
/** A thread that doesn't say that it has stopped is ended this long after it should have. */
const STOP_GRACE_MS = 2000;

interface Cancel {
  readonly from: number;
  readonly id: number;
  /** Threads that have not answered. */
  waiting: number;
}

interface Thread {
  readonly worker: Worker;
  readonly ring: SharedArrayBuffer;
  readonly onStopped: Promise<void>;
}

export class ProxyPool {
  readonly gauges: Gauges;
  readonly health: SharedArrayBuffer;
  /**
   * Called when a recorder that has taken the place of one that died hears every thread. `replicas` are the mirrorings that
   * are fed by replication.
   */
  onHeardAgain: (replicas: readonly string[]) => void = () => {};
  readonly #recorder: RecorderHandle;
  readonly #log: Log;
  readonly #gaugeBuffer: SharedArrayBuffer;
  readonly #threads = new Map<number, Thread>();
  readonly #lives: number[] = [];
  /** Rings of threads that died while there was no recorder to tell. */
  #orphans: { readonly thread: number; readonly ring: SharedArrayBuffer }[] = [];
  readonly #cancels = new Map<number, Cancel>();
  readonly #applications = new ThreadQuestions<null>();
  readonly #announcements = new ThreadQuestions<readonly string[]>();
  readonly #clientLists = new ThreadQuestions<readonly ClientFacts[]>();
  readonly #strangerSecret = new Uint8Array(randomBytes(STRANGER_SECRET_BYTES));
  #config: Config;
  #paused: readonly string[] = [];
  #cancelIds = 0;
  #port = 0;
  #stopping = false;

  private constructor(config: Config, recorder: RecorderHandle, log: Log) {
    this.#config = config;
    this.#recorder = recorder;
    this.#log = log;
    const mirrorings = config.mirrorings.length;
    this.#gaugeBuffer = createGaugeBuffer(config.general.threads, mirrorings);
    this.gauges = new Gauges(this.#gaugeBuffer, mirrorings);
    this.health = createHealthBuffer(mirrorings);
    recorder.onRestarted = () => void this.#resumeRecording();
  }

  static async start(config: Config, recorder: RecorderHandle, log: Log): Promise<ProxyPool> {
    const pool = new ProxyPool(config, recorder, log);
    try {
      pool.#port = await pool.#startThread(0, config.general.port);
      for (let thread = 1; thread < config.general.threads; thread++) await pool.#startThread(thread, pool.#port);
    } catch (error) {
      await pool.terminate();
      throw error;
    }
    return pool;
  }

  get port(): number {
    return this.#port;
  }

  /**
   * All threads go on under this configuration, which has the same databases and mirrorings in the same order; units of
   * work that have begun end under the old one. Resolves when every thread has heard of it.
   */
  async apply(config: Config, paused: readonly string[]): Promise<void> {
    this.#config = config;
    this.#paused = paused;
    await this.#applications.put(this.#threads.keys(), (thread, id) => {
      this.#tell(thread, { type: "settings", id, config, paused });
    });
  }

  /** Everybody who is connected, of the threads that answer. */
  async clients(): Promise<readonly ClientFacts[]> {
    const lists = await this.#clientLists.put(this.#threads.keys(), (thread, id) => {
      this.#tell(thread, { type: "clients", id });
    });
    return lists.flat();
  }

  /** No new clients; resolves when every thread has finished what was in flight, at the latest after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs + STOP_GRACE_MS)));
    const threads = [...this.#threads.values()];
    for (const { worker } of threads) worker.postMessage({ type: "stop", timeoutMs } satisfies ProxyCommand);
    await Promise.race([Promise.all(threads.map((thread) => thread.onStopped)), timeout]);
    clearTimeout(timer);
    await this.terminate();
  }

  async terminate(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#threads.values()].map(({ worker }) => worker.terminate()));
    this.#threads.clear();
  }

  /** Resolves with the port when the thread listens. */
  async #startThread(thread: number, port: number): Promise<number> {
    const ring = createRingBuffer(RING_SLOTS);
    const names = new MessageChannel();
    this.#recorder.send({ type: "attach", thread, ring, port: names.port1 }, [names.port1]);
    const life = (this.#lives[thread] = (this.#lives[thread] ?? -1) + 1);
    const worker = new Worker(workerUrl("proxy-worker"), {
      workerData: {
        thread,
        firstId: life * IDS_PER_LIFE,
        config: this.#config,
        paused: this.#paused,
        port,
        reusePort: this.#config.general.threads > 1,
        ring,
        signal: this.#recorder.signal,
        gauges: this.#gaugeBuffer,
        health: this.health,
        strangerSecret: this.#strangerSecret,
        names: names.port2,
      } satisfies ProxyThreadData,
      transferList: [names.port2],
    });
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const onStopped = new Promise<void>((stopped) => {
      worker.on("message", (report: ProxyReport) => {
        if (report.type === "listening") resolve(report.port);
        else if (report.type === "failed") reject(listenError(this.#config, report.code, report.message));
        else if (report.type === "stopped") stopped();
        else this.#report(thread, report);
      });
      worker.on("exit", () => stopped());
    });
    worker.on("error", (error) => {
      this.#log.error("a proxy thread failed", { thread, cause: messageOf(error) });
      reject(error);
    });
    worker.on("exit", () => this.#exited(thread, worker));
    this.#threads.set(thread, { worker, ring, onStopped });
    return promise;
  }

  #report(thread: number, report: ProxyReport): void {
    switch (report.type) {
      case "log":
        this.#log[report.level](report.message, report.fields);
        return;
      case "cancel":
        this.#forwardCancel(thread, report.id, report.key);
        return;
      case "cancelled":
        this.#cancelAnswered(report.id, report.found);
        return;
      case "applied":
        this.#applications.answered(thread, report.id, null);
        return;
      case "announced":
        this.#announcements.answered(thread, report.id, report.replicas);
        return;
      case "clients":
        this.#clientLists.answered(thread, report.id, report.clients);
        return;
      default:
    }
  }

  #forwardCancel(from: number, id: number, key: Uint8Array): void {
    const others = [...this.#threads].filter(([thread]) => thread !== from);
    if (others.length === 0) {
      this.#tell(from, { type: "cancelled", id });
      return;
    }
    const own = ++this.#cancelIds;
    this.#cancels.set(own, { from, id, waiting: others.length });
    for (const [thread] of others) this.#tell(thread, { type: "cancel", id: own, key });
  }

  #cancelAnswered(id: number, found: boolean): void {
    const cancel = this.#cancels.get(id);
    if (cancel === undefined) return;
    if (--cancel.waiting > 0 && !found) return;
    this.#cancels.delete(id);
    this.#tell(cancel.from, { type: "cancelled", id: cancel.id });
  }

  #tell(thread: number, command: ProxyCommand): void {
    this.#threads.get(thread)?.worker.postMessage(command);
  }

  /** The recorder has died and another one knows none of the threads: it gets their rings, and their names once more. */
  async #resumeRecording(): Promise<void> {
    for (const { thread, ring } of this.#orphans) {
      const names = new MessageChannel();
      this.#recorder.send({ type: "resume", thread, ring, port: names.port1 }, [names.port1]);
      this.#recorder.send({ type: "detach", thread });
    }
    this.#orphans = [];
    const replicas = await this.#announcements.put(this.#threads.keys(), (thread, id) => {
      const { worker, ring } = this.#threads.get(thread)!;
      const names = new MessageChannel();
      this.#recorder.send({ type: "resume", thread, ring, port: names.port1 }, [names.port1]);
      worker.postMessage({ type: "names", id, port: names.port2 } satisfies ProxyCommand, [names.port2]);
    });
    this.onHeardAgain(replicas.flat());
  }

  /** A thread has died: its sessions are gone, the others go on, a new one takes its place. */
  #exited(thread: number, worker: Worker): void {
    const dead = this.#threads.get(thread);
    if (dead?.worker !== worker) return;
    this.#threads.delete(thread);
    this.#applications.gone(thread);
    this.#announcements.gone(thread);
    this.#clientLists.gone(thread);
    this.gauges.clearThread(thread);
    MirrorHealth.releaseThread(this.health, thread);
    if (this.#stopping) return;
    if (this.#recorder.isAlive) this.#recorder.send({ type: "detach", thread });
    else this.#orphans.push({ thread, ring: dead.ring });
    this.#log.error("a proxy thread ended and is restarted", { thread });
    setTimeout(() => {
      if (this.#stopping) return;
      this.#startThread(thread, this.#port).catch((error: unknown) => {
        this.#log.error("a proxy thread could not be restarted", { thread, cause: messageOf(error) });
      });
    }, RESTART_MS);
  }
}

function listenError(config: Config, code: string, message: string): PgsoakError {
  const { host, port } = config.general;
  const inUse = code === "EADDRINUSE";
  const what = inUse ? "the address is already in use" : message;
  return new PgsoakError(inUse ? "address_in_use" : "unavailable", `proxy on ${host}:${port}: ${what}`);
}
