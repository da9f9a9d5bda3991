// One proxy thread put together: its listener, its mirrors, its side of the books, and how it stops.

import type { MessagePort } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import { createClock } from "../clock.ts";
import type { Config, DatabaseConfig, MirroringConfig } from "../config/config.ts";
import { UserVerifiers } from "./auth/user-verifiers.ts";
import { ByteBudget } from "./byte-budget.ts";
import { CancelRegistry } from "./cancel.ts";
import {
  FAILED_LOGINS,
  Gauges,
  REFUSED_LOGINS,
  REFUSED_MESSAGES,
  SESSIONS,
  SESSIONS_NOW_UNWATCHED,
  UNWATCHED_SESSIONS,
} from "./gauges.ts";
import { Listener } from "./listener.ts";
import { type DestinationSettings, MirrorDestination } from "./mirror/destination.ts";
import { Recording } from "./recording.ts";
import { StatementBook } from "./statement-book.ts";
import type { ThreadContext } from "./thread-context.ts";
import type { ThreadLog } from "./thread-log.ts";
import { ClientTls } from "./tls/client-tls.ts";
import { prepareServerTls } from "./tls/server-tls.ts";
import type { ProxyCommand, ProxyReport, ProxyThreadData } from "./thread-messages.ts";

/** Cancels that wait for an answer of other threads; beyond, a cancel is taken and forgotten as PostgreSQL may. */
const FOREIGN_CANCELS_MAX = 1000;
/** A thread that dies never answers; its sessions are gone, and so is what there was to cancel. */
const FOREIGN_CANCEL_MS = 10_000;

export class ProxyThread {
  readonly #data: ProxyThreadData;
  readonly #port: MessagePort;
  readonly #recording: Recording;
  readonly #context: ThreadContext;
  readonly #listener: Listener;
  readonly #cancels = new CancelRegistry();
  readonly #foreign = new Map<number, () => void>();
  readonly #destinations: MirrorDestination[] = [];
  readonly #queueBytes: { max: number };
  readonly #servers = new Map<string, DatabaseConfig>();
  readonly #verifiers: UserVerifiers;
  #config: Config;
  #clientTls: ClientTls | null;
  #foreignIds = 0;

  constructor(data: ProxyThreadData, port: MessagePort) {
    this.#data = data;
    this.#port = port;
    const { config, thread } = data;
    this.#config = config;
    this.#clientTls = ClientTls.of(config.tls);
    this.#queueBytes = { max: config.general.mirrorQueueBytes };
    const clock = createClock();
    const gauges = new Gauges(data.gauges, config.mirrorings.length);
    const log: ThreadLog = (level, message, fields = {}) => this.#report({ type: "log", level, message, fields });
    this.#recording = new Recording({
      thread,
      firstId: data.firstId,
      ring: data.ring,
      signal: data.signal,
      port: data.names,
      clock,
      enabled: config.general.mirrorMetricsEnabled,
    });
    const budget = new ByteBudget(gauges, thread, this.#queueBytes);
    const destinations = new Map<string, MirrorDestination[]>();
    let filterSlots = 0;
    for (const [index, mirroring] of config.mirrorings.entries()) {
      const destination = new MirrorDestination({
        index,
        thread,
        settings: destinationSettings(config, mirroring, data.paused),
        nextFilterSlot: () => filterSlots++,
        health: data.health,
        gauges,
        budget,
        recording: this.#recording,
        log,
      });
      this.#destinations.push(destination);
      destinations.set(mirroring.source, [...(destinations.get(mirroring.source) ?? []), destination]);
    }
    this.#setServers(config);
    this.#verifiers = new UserVerifiers(data.strangerSecret);
    this.#setUsers(config);
    const current = (): Config => this.#config;
    const clientTls = (): ClientTls | null => this.#clientTls;
    this.#context = {
      get config() {
        return current();
      },
      get clientTls() {
        return clientTls();
      },
      recording: this.#recording,
      book: new StatementBook(this.#recording),
      budget,
      cancels: this.#cancels,
      log,
      verifiers: this.#verifiers,
      mirrorSessions: new Set(),
      databaseFor: (name) => this.#servers.get(name) ?? this.#servers.get("*") ?? null,
      mirroringsOf: (source) => destinations.get(source) ?? [],
      loggedIn: (delta) => gauges.add(thread, SESSIONS, delta),
      refusedLogin: () => gauges.add(thread, REFUSED_LOGINS, 1),
      refusedMessage: () => gauges.add(thread, REFUSED_MESSAGES, 1),
      loginFailed: (why) => gauges.add(thread, FAILED_LOGINS[why], 1),
      unwatched: (delta) => {
        gauges.add(thread, SESSIONS_NOW_UNWATCHED, delta);
        if (delta > 0) gauges.add(thread, UNWATCHED_SESSIONS, 1);
      },
    };
    this.#listener = new Listener({
      context: this.#context,
      thread,
      gauges,
      cancel: (key) => this.#cancel(key),
    });
    port.on("message", (command: ProxyCommand) => this.#command(command));
  }

  async start(): Promise<void> {
    const { config, port, reusePort } = this.#data;
    try {
      this.#report({ type: "listening", port: await this.#listener.listen(config.general.host, port, reusePort) });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      this.#report({ type: "failed", code, message: messageOf(error) });
    }
  }

  /** The thread can't go on: tells every client so before it dies. */
  crash(): void {
    this.#listener.terminate();
    this.#recording.publish();
  }

  #command(command: ProxyCommand): void {
    switch (command.type) {
      case "cancel":
        void this.#cancels.cancel(Buffer.from(command.key)).then((found) => {
          this.#report({ type: "cancelled", id: command.id, found });
        });
        return;
      case "cancelled":
        this.#foreign.get(command.id)?.();
        return;
      case "names":
        this.#recording.announceAgain(command.port, this.#context.book.values());
        this.#report({ type: "announced", id: command.id, replicas: this.#replicas() });
        return;
      case "settings":
        this.#apply(command.config, command.paused);
        this.#report({ type: "applied", id: command.id });
        return;
      case "clients":
        this.#report({ type: "clients", id: command.id, clients: this.#listener.clients() });
        return;
      case "stop":
        void this.#stop(command.timeoutMs);
        return;
    }
  }

  #replicas(): string[] {
    return this.#destinations.filter(({ isReplica }) => isReplica).map(({ config }) => config.name);
  }

  #setServers({ databases }: Config): void {
    for (const database of databases) {
      this.#servers.set(database.name, database);
      prepareServerTls(database);
    }
  }

  #apply(config: Config, paused: readonly string[]): void {
    this.#config = config;
    this.#clientTls = ClientTls.of(config.tls);
    this.#queueBytes.max = config.general.mirrorQueueBytes;
    this.#setServers(config);
    this.#setUsers(config);
    for (const [index, destination] of this.#destinations.entries()) {
      destination.apply(destinationSettings(config, config.mirrorings[index]!, paused));
    }
  }

  #setUsers({ general, users }: Config): void {
    if (general.auth === "userlist") this.#verifiers.set(users);
  }

  async #cancel(key: Buffer): Promise<void> {
    if (await this.#cancels.cancel(key)) return;
    if (this.#foreign.size >= FOREIGN_CANCELS_MAX) return;
    const id = ++this.#foreignIds;
    this.#report({ type: "cancel", id, key });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FOREIGN_CANCEL_MS);
      this.#foreign.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#foreign.delete(id);
  }

  /** Clients first, then what the mirrors still have to do; all of it within `timeoutMs`. */
  async #stop(timeoutMs: number): Promise<void> {
    const deadlineMs = this.#recording.clock.nowMs() + timeoutMs;
    const timer = setTimeout(() => this.#listener.terminate(), timeoutMs);
    await this.#listener.stop();
    clearTimeout(timer);
    await this.#drainMirrors(deadlineMs);
    for (const mirror of this.#context.mirrorSessions) mirror.abort();
    this.#recording.publish();
    this.#report({ type: "stopped" });
  }

  async #drainMirrors(deadlineMs: number): Promise<void> {
    while (this.#context.mirrorSessions.size > 0 && this.#recording.clock.nowMs() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #report(report: ProxyReport): void {
    this.#port.postMessage(report);
  }
}

function destinationSettings(
  config: Config,
  mirroring: MirroringConfig,
  paused: readonly string[],
): DestinationSettings {
  return {
    config: mirroring,
    server: config.databases.find((database) => database.name === mirroring.destination)!,
    users: config.users,
    maxMessageBytes: config.general.maxMessageBytes,
    paused: paused.includes(mirroring.name),
  };
}
