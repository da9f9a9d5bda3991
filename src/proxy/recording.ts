// A proxy thread's side of the books: gives requests their ids, names lanes, statements and failures to the recorder, and
// sees to it that whatever is published balances by itself.
//
//   tap ── seen ──┐
//   sampler ── skipped, unrecorded ──┤  counted here, written as ledger records just before publish()
//   mirror session ── queued, outcome ──▶ ring, at once

import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../clock.ts";
import {
  DROP_REASONS,
  PARITIES,
  SKIP_REASONS,
  type Attribution,
  type DropReason,
  type ErrorCategory,
  type Facts,
  type ObservationState,
  type Parity,
  type SkipReason,
} from "../events/event.ts";
import { type NameMessage, STATEMENT_TEXT_MAX } from "../events/recorder-messages.ts";
import {
  RECORD_ERRORED,
  RECORD_MIRRORED,
  RECORD_SKIP,
  RECORD_TALLY,
  RECORD_UNRECORDED,
  RingProducer,
} from "../events/ring.ts";
import { THREADS_MAX } from "./gauges.ts";

/** A burst is published this long after its first record; the recorder's flush time comes on top. */
const PUBLISH_AFTER_MS = 5;
/** A ring that fills faster than the timer is published as soon as this many records wait. */
const PUBLISH_AT_RECORDS = 4096;
const FAILURES_MAX = 2000;
const LANES_MAX = 1000;

/** What is known of one mirroring × database between two publications. */
interface LaneTally {
  seen: number;
  /** Seen, but neither selected nor skipped yet; not written until that is decided. */
  undecided: number;
  unrecorded: number;
  /** Seen, and neither undecided nor decided: none, but while a request is being announced. */
  owed: number;
  readonly skipped: number[];
}

export interface Failure {
  readonly category: ErrorCategory;
  readonly attribution: Attribution;
  readonly sqlstate: string;
  /** Redacted already. */
  readonly message: string;
}

/** What an outcome carries beside its request. Durations in microseconds. */
export interface OutcomeFigures {
  readonly mirrorUs: number;
  readonly primaryUs: number;
  readonly waitUs: number;
  readonly rows: number;
  /** The request whose difference this is a consequence of, or -1. */
  readonly root: number;
}

export interface RecordingOptions {
  readonly thread: number;
  /** Where the numbering of requests and sessions begins. */
  readonly firstId: number;
  readonly ring: SharedArrayBuffer;
  /** Bumped and notified after each publication, so that the recorder wakes. */
  readonly signal: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly clock: Clock;
  /** False: `mirror_metrics_enabled = false`, everything is mirrored and nothing recorded. */
  readonly enabled: boolean;
}

export class Recording {
  readonly clock: Clock;
  readonly #options: RecordingOptions;
  readonly #ring: RingProducer;
  readonly #signal: Int32Array;
  readonly #lanes = new Map<string, number>();
  readonly #tallies: LaneTally[] = [];
  readonly #touched = new Set<number>();
  readonly #failures = new Map<string, { readonly id: number; readonly failure: Failure }>();
  #port: MessagePort;
  #requests: number;
  #sessions: number;
  #statements = 0;
  #unpublished = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#port = options.port;
    this.#requests = options.firstId;
    this.#sessions = options.firstId;
    this.#ring = new RingProducer(options.ring);
    this.#signal = new Int32Array(options.signal);
  }

  /** Unique within the run: the thread is the remainder by THREADS_MAX. */
  nextRequestId(): number {
    return ++this.#requests * THREADS_MAX + this.#options.thread;
  }

  nextSessionId(): number {
    return ++this.#sessions * THREADS_MAX + this.#options.thread;
  }

  /** The thread's id of a mirroring × database. Beyond LANES_MAX lanes everything is database `other`. */
  laneId(mirroring: string, database: string): number {
    const key = `${mirroring}\0${database}`;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    if (this.#lanes.size >= LANES_MAX && database !== "other") return this.laneId(mirroring, "other");
    const id = this.#lanes.size + 1;
    this.#lanes.set(key, id);
    this.#tallies[id] = { seen: 0, undecided: 0, unrecorded: 0, owed: 0, skipped: SKIP_REASONS.map(() => 0) };
    this.#tell({ type: "lane", id, mirroring, database });
    return id;
  }

  /** Announces a statement's text and returns the id that events will name it by. */
  announceStatement(text: string): number {
    const id = ++this.#statements;
    this.#tell({ type: "statement", id, text: text.slice(0, STATEMENT_TEXT_MAX) });
    return id;
  }

  /**
   * The recorder died and another one has taken its place, which knows none of the thread's names: says all of them again
   * on the new port. The records in the ring wait for that.
   */
  announceAgain(port: MessagePort, statements: Iterable<{ readonly id: number; readonly text: string }>): void {
    this.#port.close();
    this.#port = port;
    for (const [key, id] of this.#lanes) {
      const [mirroring = "", database = ""] = key.split("\0");
      this.#tell({ type: "lane", id, mirroring, database });
    }
    for (const { id, text } of statements) this.#tell({ type: "statement", id, text });
    for (const { id, failure } of this.#failures.values()) {
      const { category, attribution, sqlstate, message } = failure;
      this.#tell({ type: "failure", id, category, attribution, sqlstate, message });
    }
    this.#tell({ type: "announced" });
    this.#wake();
  }

  observation(mirroring: string, state: ObservationState, cause: string): void {
    this.#tell({ type: "observation", at: this.clock.wallUs(), mirroring, state, cause });
    this.#wake();
  }

  /** What a mirror said about its server, or (`database` not null) about one database; see events/mirror-facts.ts. */
  mirrorFacts(mirroring: string, database: string | null, facts: Facts): void {
    this.#tell({ type: "mirror_facts", at: this.clock.wallUs(), mirroring, database, facts });
    this.#wake();
  }

  /** The tap saw one request of this lane. Called before anything is decided about it. */
  seen(lane: number): void {
    const tally = this.#touch(lane);
    tally.seen++;
    tally.owed++;
  }

  /** A request that was seen waits for its decision (+1), or gets it now (-1). */
  undecided(lane: number, delta: 1 | -1): void {
    const tally = this.#touch(lane);
    tally.undecided += delta;
    tally.owed -= delta;
  }

  skipped(lane: number, reason: SkipReason): void {
    const tally = this.#touch(lane);
    tally.skipped[SKIP_REASONS.indexOf(reason)]!++;
    tally.owed--;
  }

  /** Announcing failed: what was seen and not decided about is lost to the books, and known to be. */
  undecidedAreLost(lane: number): void {
    const tally = this.#tallies[lane]!;
    if (tally.owed <= 0) return;
    this.#touch(lane).unrecorded += tally.owed;
    tally.owed = 0;
  }

  /**
   * Promises room for a selected request: 2 records (queued and outcome), or 1 for one that is dropped at once.
   * False: the request is carried but counted as unrecorded, and must not be written about.
   */
  reserve(lane: number, records: 1 | 2): boolean {
    this.#tallies[lane]!.owed--;
    if (!this.#options.enabled) return false;
    if (this.#ring.reserve(records)) return true;
    this.#touch(lane).unrecorded++;
    return false;
  }

  queued(request: number, lane: number, statement: number, session: number, bytes: number): void {
    this.#ring.writeQueued(this.clock.wallUs(), request, lane, statement, session, bytes);
    this.#written();
  }

  mirrored(request: number, lane: number, statement: number, figures: OutcomeFigures, parity: Parity): void {
    this.#outcome(RECORD_MIRRORED, request, lane, statement, figures, PARITIES.indexOf(parity));
  }

  errored(request: number, lane: number, statement: number, figures: OutcomeFigures, failure: Failure): void {
    this.#outcome(RECORD_ERRORED, request, lane, statement, figures, this.#failureId(failure));
  }

  dropped(request: number, lane: number, statement: number, reason: DropReason, wasQueued: boolean): void {
    this.#ring.writeDropped(this.clock.wallUs(), request, lane, statement, DROP_REASONS.indexOf(reason), wasQueued);
    this.#written();
  }

  /**
   * Writes the tallies of every lane that was touched and makes all of it visible in one step. When the ring has no
   * room for the tallies, everything stays back until the recorder has made some.
   */
  publish(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#touched.size === 0 && this.#unpublished === 0) return;
    if (!this.#ring.hasLedgerRoom(this.#touched.size * (2 + SKIP_REASONS.length))) {
      this.#timer = setTimeout(() => this.publish(), PUBLISH_AFTER_MS);
      return;
    }
    const at = this.clock.wallUs();
    for (const lane of this.#touched) this.#writeTally(lane, this.#tallies[lane]!, at);
    this.#touched.clear();
    this.#unpublished = 0;
    this.#ring.publish();
    this.#wake();
  }

  #writeTally(lane: number, tally: LaneTally, at: number): void {
    const decided = tally.seen - tally.undecided;
    if (decided > 0) this.#ring.writeLedger(RECORD_TALLY, at, lane, decided, 0);
    if (tally.unrecorded > 0) this.#ring.writeLedger(RECORD_UNRECORDED, at, lane, tally.unrecorded, 0);
    for (let code = 0; code < tally.skipped.length; code++) {
      if (tally.skipped[code]! > 0) this.#ring.writeLedger(RECORD_SKIP, at, lane, tally.skipped[code]!, code);
    }
    tally.seen = tally.undecided;
    tally.unrecorded = 0;
    tally.skipped.fill(0);
  }

  #outcome(
    kind: typeof RECORD_MIRRORED | typeof RECORD_ERRORED,
    request: number,
    lane: number,
    statement: number,
    f: OutcomeFigures,
    code: number,
  ): void {
    const at = this.clock.wallUs();
    this.#ring.writeOutcome(
      kind,
      at,
      request,
      lane,
      statement,
      f.mirrorUs,
      f.primaryUs,
      f.waitUs,
      f.rows,
      code,
      f.root,
    );
    this.#written();
  }

  #failureId(failure: Failure): number {
    const { category, attribution, sqlstate, message } = failure;
    const key = `${category} ${attribution} ${sqlstate} ${message}`;
    const known = this.#failures.get(key);
    if (known !== undefined) return known.id;
    // Beyond the bound a failure keeps its kind and loses its words.
    // A new SQLSTATE is lost too: a server may make up as many as it likes.
    if (this.#failures.size >= FAILURES_MAX) {
      if (message !== "") return this.#failureId({ ...failure, message: "" });
      if (sqlstate !== "") return this.#failureId({ ...failure, sqlstate: "" });
    }
    const id = this.#failures.size + 1;
    this.#failures.set(key, { id, failure });
    this.#tell({ type: "failure", id, category, attribution, sqlstate, message });
    return id;
  }

  #touch(lane: number): LaneTally {
    if (this.#options.enabled) {
      this.#touched.add(lane);
      this.#schedule();
    }
    return this.#tallies[lane]!;
  }

  #written(): void {
    // Not at once: what was seen and is being decided about right now must be in the same publication.
    if (++this.#unpublished === PUBLISH_AT_RECORDS) setImmediate(() => this.publish());
    else this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.publish(), PUBLISH_AFTER_MS);
  }

  #tell(message: NameMessage): void {
    if (this.#options.enabled) this.#port.postMessage(message);
  }

  #wake(): void {
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }
}
