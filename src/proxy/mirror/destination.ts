// One mirroring as one thread sees it: where the mirror is, whether it may be tried, how many connections it may have,
// and the clock that its sessions' timeouts run by.

import type { DatabaseConfig, MirroringConfig, UserConfig } from "../../config/config.ts";
import type { ByteBudget } from "../byte-budget.ts";
import type { ThreadLog } from "../thread-log.ts";
import {
  type Gauges,
  MIRROR_CONNECTIONS,
  MIRROR_QUEUE_DEPTH,
  MIRROR_REFUSED_LOGINS,
  MIRROR_SESSIONS,
  MIRROR_SESSIONS_INCOMPLETE,
  MIRROR_SESSIONS_LOST,
} from "../gauges.ts";
import type { Recording } from "../recording.ts";
import { FactsWatch } from "./facts-watch.ts";
import { StatementFilter } from "./filter.ts";
import { MirrorHealth, type Permission } from "./health.ts";
import type { SelectionRules } from "./selection.ts";

/** How often timeouts, dead mirrors and waiting sessions are looked at. */
const SWEEP_MS = 25;

/** Refused logins of single sessions are logged no more often than this. */
const REJECTION_LOG_MS = 10_000;

/** A mirror that lets everybody in and loses this many requests in a row is as good as down. */
const LOST_REQUESTS_MAX = 3;

/** What a session lets the sweep do. */
export interface Swept {
  /** Checks its timeouts and goes on with what had to wait. */
  sweep(nowMs: number): void;
  /** The mirror is down: tries to connect if the back-off allows it. */
  probe(): void;
}

/** What may change while it runs. */
export interface DestinationSettings {
  readonly config: MirroringConfig;
  readonly server: DatabaseConfig;
  /** Credentials of users whom the database entry does not speak for. */
  readonly users: readonly UserConfig[];
  readonly maxMessageBytes: number;
  /** Nothing new is selected; what was begun goes on. */
  readonly paused: boolean;
}

export interface DestinationOptions {
  readonly index: number;
  readonly thread: number;
  readonly settings: DestinationSettings;
  /** A number that no other filter of the thread has. */
  readonly nextFilterSlot: () => number;
  readonly health: SharedArrayBuffer;
  readonly gauges: Gauges;
  readonly budget: ByteBudget;
  readonly recording: Recording;
  readonly log: ThreadLog;
}

export class MirrorDestination {
  readonly index: number;
  readonly budget: ByteBudget;
  readonly recording: Recording;
  readonly log: ThreadLog;
  readonly facts: FactsWatch;
  readonly #o: DestinationOptions;
  /** Databases that are fed by replication on the mirror: writing there would apply every write twice. */
  readonly #replicas = new Map<string, string>();
  readonly #health: MirrorHealth;
  readonly #sessions = new Set<Swept>();
  readonly #active = new Set<Swept>();
  #settings: DestinationSettings;
  #rules: SelectionRules;
  #rejectionLoggedMs = -REJECTION_LOG_MS;
  #timer: NodeJS.Timeout | null = null;
  #connections = 0;
  #lostRequests = 0;
  #isProved = false;

  constructor(options: DestinationOptions) {
    this.#o = options;
    this.index = options.index;
    this.budget = options.budget.of(options.index);
    this.recording = options.recording;
    this.log = options.log;
    const { name } = options.settings.config;
    this.facts = new FactsWatch((database, facts) => this.recording.mirrorFacts(name, database, facts));
    this.#health = new MirrorHealth(options.health, options.index, options.thread);
    this.#settings = options.settings;
    this.#rules = this.#rulesOf(options.settings, null);
  }

  get config(): MirroringConfig {
    return this.#settings.config;
  }

  get server(): DatabaseConfig {
    return this.#settings.server;
  }

  get maxMessageBytes(): number {
    return this.#settings.maxMessageBytes;
  }

  get rules(): SelectionRules {
    return this.#rules;
  }

  /** Goes on under other settings: units, requests and connections that have begun keep those they began under. */
  apply(settings: DestinationSettings): void {
    this.#settings = settings;
    this.#rules = this.#rulesOf(settings, this.#rules);
  }

  get down(): boolean {
    return this.#health.down;
  }

  /** Whether some session of this thread is connected, so that a refused login is the session's own affair. */
  get hasConnections(): boolean {
    return this.#connections > 0;
  }

  get users(): readonly UserConfig[] {
    return this.#settings.users;
  }

  /** Counts one more connection unless the cap over all threads is reached. */
  takeConnection(): boolean {
    const { gauges, thread, index } = this.#o;
    if (gauges.sumMirroring(index, MIRROR_CONNECTIONS) >= this.config.connections) return false;
    gauges.addMirroring(thread, index, MIRROR_CONNECTIONS, 1);
    return true;
  }

  giveConnection(): void {
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_CONNECTIONS, -1);
  }

  /** Whether writes to this database must be kept from the mirror. */
  isReadsOnly(database: string): boolean {
    return this.config.readOnly || this.#replicas.has(database);
  }

  /** Whether any of its databases is fed by replication. */
  get isReplica(): boolean {
    return this.#replicas.size > 0;
  }

  /** The mirror said whether it is fed by replication; `cause` is how, or null when it is not. */
  replicaFound(database: string, cause: string | null): void {
    if ((this.#replicas.get(database) ?? null) === cause) return;
    if (cause === null) {
      this.#replicas.delete(database);
      this.log("info", "the mirror takes writes now", { mirroring: this.config.name, database });
      this.recording.observation(this.config.name, "observing", `${database}: not fed by replication any more`);
      return;
    }
    this.#replicas.set(database, cause);
    this.log("error", "writes are kept from the mirror: it would apply every write twice", {
      mirroring: this.config.name,
      database,
      cause,
    });
    this.recording.observation(this.config.name, "degraded", `${database}: ${cause}; writes are not mirrored`);
  }

  permission(): Permission {
    return this.#health.permission();
  }

  /** A login succeeded; `tls` is the version of TLS, "" in plaintext. */
  reached(tls: string): void {
    this.#connections++;
    if (!this.#health.reached()) return;
    this.recording.observation(this.config.name, "observing", "the mirror accepted a connection");
    this.log("info", "mirror reached", { mirroring: this.config.name, tls: tls || "off" });
  }

  /** The mirror answered a request. */
  answered(): void {
    if (this.#isProved) return;
    this.#isProved = true;
    this.#lostRequests = 0;
    this.#health.proved();
  }

  /** A connection was lost with a request on it. `cause` is redacted. */
  lostRequest(cause: string): void {
    this.#isProved = false;
    if (++this.#lostRequests >= LOST_REQUESTS_MAX) this.failed(cause);
  }

  /** An attempt failed. `cause` is redacted; `isRefusal`: the mirror was reached, but a login to it can't be had. */
  failed(cause: string, isRefusal = false): void {
    this.#isProved = false;
    if (isRefusal) this.#countRefusal();
    const failure = this.#health.failed();
    if (failure === "known") return;
    const { name: mirroring } = this.config;
    if (isRefusal) this.log("warn", "mirror refuses the login", { mirroring, cause });
    else this.log("warn", "mirror cannot be reached", { mirroring, cause });
    if (failure === "news") this.recording.observation(this.config.name, "mirror_down", cause);
    this.#start();
  }

  /** One session's login was refused while others are connected: that says nothing about the mirror. */
  rejected(cause: string): void {
    this.#countRefusal();
    this.#health.gaveUp();
    const nowMs = this.recording.clock.nowMs();
    if (nowMs - this.#rejectionLoggedMs < REJECTION_LOG_MS) return;
    this.#rejectionLoggedMs = nowMs;
    this.log("warn", "mirror refused a login", { mirroring: this.config.name, cause });
  }

  #countRefusal(): void {
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_REFUSED_LOGINS, 1);
  }

  gaveUp(): void {
    this.#health.gaveUp();
  }

  /** A connection that had been reached is gone; `lost` when that was not our own doing. */
  ended(lost: boolean): void {
    this.#connections--;
    if (lost) this.#health.lost();
  }

  sessionOpened(session: Swept): void {
    this.#sessions.add(session);
    if (this.#health.down) this.#start();
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_SESSIONS, 1);
  }

  sessionClosed(session: Swept): void {
    this.#sessions.delete(session);
    this.#active.delete(session);
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_SESSIONS, -1);
  }

  /** A defect, thrown at these frames, has cost one of the sessions this mirror. */
  sessionLost(frames: Readonly<Record<"error" | "stack", string>>): void {
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_SESSIONS_LOST, 1);
    this.log("error", "a mirror session failed: its client goes on without this mirror", {
      mirroring: this.config.name,
      ...frames,
    });
  }

  /** One of the open sessions lacks something that nothing can bring back (+1), or does so no longer (-1). */
  sessionLacks(delta: 1 | -1): void {
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_SESSIONS_INCOMPLETE, delta);
  }

  queueChanged(requests: number): void {
    this.#o.gauges.addMirroring(this.#o.thread, this.index, MIRROR_QUEUE_DEPTH, requests);
  }

  /** Asks for sweep() at short intervals until idle(). */
  busy(session: Swept): void {
    this.#active.add(session);
    this.#start();
  }

  idle(session: Swept): void {
    this.#active.delete(session);
  }

  /** The filter stays as long as it says the same, and with it what statements remember of it. */
  #rulesOf({ config, paused }: DestinationSettings, before: SelectionRules | null): SelectionRules {
    const stays = before !== null && filterKey(before.config) === filterKey(config);
    const filter = stays ? before.filter : new StatementFilter(this.#o.nextFilterSlot(), config);
    return { config, paused, filter };
  }

  #start(): void {
    // Behind the reading: what came while the thread stood still is not late.
    this.#timer ??= setInterval(() => setImmediate(() => this.#sweep()), SWEEP_MS);
  }

  #sweep(): void {
    const nowMs = this.recording.clock.nowMs();
    for (const session of this.#active) session.sweep(nowMs);
    if (this.#health.down) {
      // Nobody need wait for traffic to find out that the mirror is back.
      for (const session of this.#sessions) {
        session.probe();
        break;
      }
    } else if (this.#active.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }
}

const filterKey = ({ level, statements }: MirroringConfig): string => JSON.stringify([level, statements]);
