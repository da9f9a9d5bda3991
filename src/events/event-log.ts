// The append-only log and its folds: the one place that writes. A batch of events, what the folds make of it, the names
// that it uses and the positions are one transaction, so a crash can neither double nor lose a count.

import { statSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { BUSY_TIMEOUT_MS, explainSqliteError, openDatabase } from "./database.ts";
import { EventInserts } from "./event-inserts.ts";
import type { MirrorEvent, NewEvent } from "./event.ts";
import { isRare } from "./event-kinds.ts";
import { type Failure, FailureDictionary } from "./failures.ts";
import { FileIdentity } from "./file-identity.ts";
import { savePositions } from "./fold-positions.ts";
import { catchUp, FoldRebuild } from "./fold-rebuild.ts";
import { applyAll, type Fold } from "./fold.ts";
import { LaneDictionary } from "./lanes.ts";
import { LogReader } from "./log-reader.ts";
import { migrate } from "./migrator.ts";
import { Seals } from "./seals.ts";
import { StatementDictionary } from "./statements.ts";
import { WriterLock } from "./writer-lock.ts";

/** A write-ahead log that is larger than this is emptied when the system is idle. */
const WAL_BYTES_IDLE = 8 * 1024 * 1024;

export interface EventLogOptions {
  readonly path: string;
  readonly synchronous?: "off" | "normal" | "full";
  /** They follow every batch and stand at the end of the log from open() on. */
  readonly folds: readonly Fold[];
  /** Events of a sealed range; see Seals. */
  readonly sealEvents?: number;
  /** They follow every batch too, but those that are new or behind join only when `rebuild` has brought them to the end. */
  readonly projections?: readonly Fold[];
}

export class EventLog implements Disposable {
  readonly db: Database;
  readonly reader: LogReader;
  readonly lanes: LaneDictionary;
  readonly statements: StatementDictionary;
  readonly failures: FailureDictionary;
  readonly rebuild: FoldRebuild;
  readonly #lock: WriterLock;
  readonly #identity: FileIdentity;
  readonly #folds: Fold[];
  readonly #seals: Seals;
  readonly #inserts: EventInserts;
  readonly #transact: (events: readonly MirrorEvent[]) => void;
  /** The seq of the newest event when the log was opened; 0 for none. */
  readonly openedSeq: number;
  #lastSeq: number;
  #lastAt: number;
  #foldsStale = false;

  private constructor(reader: LogReader, lock: WriterLock, { folds, projections = [], sealEvents }: EventLogOptions) {
    const { db } = reader;
    this.db = db;
    this.reader = reader;
    this.#lock = lock;
    catchUp(reader, folds);
    this.rebuild = new FoldRebuild(reader, projections);
    this.#folds = [...folds, ...this.rebuild.takeWhole()];
    this.lanes = new LaneDictionary(db);
    this.statements = new StatementDictionary(db);
    this.failures = new FailureDictionary(db);
    this.#seals = new Seals(db, sealEvents);
    this.#inserts = new EventInserts(db, (event) => this.failures.register(event), this.#seals);
    const transaction = db.transaction((events: readonly MirrorEvent[]) => this.#write(events));
    this.#transact = (events) => transaction.immediate(events);
    this.openedSeq = this.reader.lastSeq();
    this.#lastSeq = this.openedSeq;
    this.#lastAt = this.reader.lastAt();
    this.#identity = new FileIdentity(db.name);
  }

  /**
   * Takes the writer's lock, opens the log, brings its schema and its folds up to date. Throws log_locked, log_unusable,
   * log_damaged or log_newer.
   */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const { path, synchronous = "normal" } = options;
    const lock = WriterLock.acquire(path);
    let db: Database | null = null;
    try {
      db = openDatabase(path, { synchronous });
      await migrate(db, path);
      const reader = new LogReader(db);
      reader.checkTail();
      return new EventLog(reader, lock, options);
    } catch (error) {
      db?.close();
      lock.release();
      throw explainSqliteError(error, path);
    }
  }

  /** The seq of the newest event; 0 for none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The time of the newest event, microseconds since the Unix epoch; 0 for none. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /**
   * Appends the events in one transaction. An event that is older than the one before it gets the time of that one:
   * time never decreases in the log, so that a point in time is found by binary search. When it throws, nothing of them is in the log or in the folds, and the same
   * batch may be tried again.
   */
  appendBatch(events: readonly NewEvent[]): void {
    if (events.length === 0) return;
    this.checkInPlace();
    if (this.#foldsStale) this.#reloadFolds();
    let seq = this.#lastSeq;
    let lastAt = this.#lastAt;
    const placed = events.map((event): MirrorEvent => {
      if (event.at > lastAt) lastAt = event.at;
      seq++;
      if (event.kind === "errored") return { ...event, ...this.#worded(event), seq, at: lastAt };
      return { ...event, seq, at: lastAt };
    });
    try {
      this.#transact(placed);
    } catch (error) {
      this.#foldsStale = true;
      throw error;
    }
    this.#lastSeq = seq;
    this.#lastAt = lastAt;
    for (const names of [this.lanes, this.statements, this.failures]) names.rows.saved();
  }

  /** Throws log_unusable when the log's file was removed or replaced while it is open. */
  checkInPlace(): void {
    this.#identity.check();
  }

  /** One slice of the rebuild: reads and folds for about `readMs`. A projection that has caught up follows from here on. */
  rebuildSome(readMs: number): void {
    this.rebuild.step(readMs);
    this.#folds.push(...this.rebuild.takeWhole());
  }

  /**
   * For an idle moment: moves what was committed from the write-ahead log into the file and cuts the former when it has
   * grown. Waits for nobody; false when readers or the disk left something to do.
   */
  tidy(): boolean {
    const size = statSync(`${this.db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    const mode = size > WAL_BYTES_IDLE ? "truncate" : "passive";
    this.db.pragma("busy_timeout = 0");
    try {
      const checkpoint = this.db.prepare<[], [busy: number, frames: number, done: number]>(
        `pragma wal_checkpoint(${mode})`,
      );
      const [busy, frames, done] = checkpoint.raw().get()!;
      return busy === 0 && frames === done;
    } catch {
      // The events are safe in the write-ahead log; a disk that refuses shows at the next commit.
      return false;
    } finally {
      this.db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  close(): void {
    this.db.close();
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The failure as the log keeps it: what folds make of it now and what a replay makes of it must be the same. */
  #worded(failure: Failure): Failure {
    this.failures.register(failure);
    return this.failures.kept(failure);
  }

  #write(events: readonly MirrorEvent[]): void {
    this.#inserts.insert(events);
    for (const event of events) {
      if (event.kind === "run_started") this.#startRun(event.run, event.seq);
    }
    const rare = events.filter(isRare);
    for (const fold of this.#folds) {
      applyAll(fold, events, rare);
      fold.save(this.db);
    }
    savePositions(this.db, this.#folds, events[events.length - 1]!.seq);
    for (const names of [this.lanes, this.statements, this.failures]) names.rows.save();
    this.#seals.save();
  }

  #startRun(run: number, firstSeq: number): void {
    this.db.prepare("insert into run (id, first_seq) values (?, ?)").run(run, firstSeq);
  }

  #reloadFolds(): void {
    for (const fold of this.#folds) fold.load(this.db);
    this.#seals.load();
    this.#foldsStale = false;
  }
}
