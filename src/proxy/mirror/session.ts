// One session on one mirror: takes the requests that were selected, runs them one after the other on a connection of its
// own, at its own pace, and says what became of each.
//
//   announce() ─▶ queue ─▶ current ──bytes──▶ connection ──answer──▶ finished ──primary answered──▶ settled
//                                             (opened when first needed, renewed between transactions only)

import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";
import { encodeCopyFail, encodeQuery, encodeSync } from "../protocol/encode.ts";
import type { MirroringConfig } from "../../config/config.ts";
import type { SkipReason } from "../../events/event.ts";
import type { Failure } from "../recording.ts";
import { categorise } from "./categorise.ts";
import type { ConnectionEnd, Expectation } from "./connection.ts";
import type { MirrorDestination, Swept } from "./destination.ts";
import { failureOf, type LinkOwner, MirrorLink } from "./link.ts";
import { MirrorRequest, type MirrorRequestOwner } from "./mirror-request.ts";
import { MirrorStatements, type Preparation } from "./prepared.ts";
import { BackendMessage } from "../protocol/message-types.ts";
import { Sqlstate, sqlstateClass } from "../protocol/sqlstate.ts";
import { SessionState } from "./session-state.ts";
import { redactMessage } from "./redact.ts";
import { Result, STATUS_IDLE } from "./result.ts";
import type { SessionFacts } from "./filter.ts";
import { Selection } from "./selection.ts";
import { Settlement } from "./settlement.ts";

/** An answer may be this much longer than the primary's before it is read slowly. */
const EXCESS_BYTES_MAX = 1 << 20;
/** A request that ran over its time must end within this long after it was cancelled. */
const DRAIN_MS = 2000;
/** After the client's cancel the mirror gets as long as the primary took, and at least this. */
const CANCEL_AFTER_MS = 10;

export interface MirrorSessionOptions {
  readonly destination: MirrorDestination;
  readonly session: number;
  readonly lane: number;
  readonly facts: SessionFacts;
  /** The client's startup parameters. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Nothing more will happen: the client has left and the queue is done. */
  readonly onClosed: () => void;
}

interface OwnRequest {
  readonly frames: Buffer;
  /** The first column of its row as text, null for NULL. */
  readonly onRow?: (value: string | null) => void;
  readonly onDone?: (result: Result) => void;
}

interface Deferred {
  readonly request: Request;
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
}

export class MirrorSession implements MirrorRequestOwner, LinkOwner, Swept {
  readonly #o: MirrorSessionOptions;
  readonly #destination: MirrorDestination;
  readonly #config: MirroringConfig;
  readonly #link: MirrorLink;
  readonly #selection: Selection;
  readonly #settlement: Settlement;
  readonly #statements = new MirrorStatements();
  /** As far as the mirror has come in the client's order. */
  readonly #state = new SessionState();
  /** Opened a filtered transaction in which nothing was wanted so far. */
  readonly #deferred: Deferred[] = [];
  readonly #queue: MirrorRequest[] = [];
  #current: MirrorRequest | null = null;
  /** Finished without an answer: nothing else runs until the primary has said where its transaction stands. */
  #awaited: MirrorRequest | null = null;
  /** Finished on the mirror, waiting for the primary. In order. */
  readonly #unsettled: MirrorRequest[] = [];
  /** Transaction status that the mirror connection reported last. */
  #status = STATUS_IDLE;
  /** The mirror lost a transaction that the primary is still in. */
  #broken = false;
  #ranUnit: TransactionUnit | null = null;
  #droppedUnit: TransactionUnit | null = null;
  /** Since when something of our own must end before the next request: a ROLLBACK, or what was cancelled. */
  #clearingSinceMs = -1;
  #clearing: Result | null = null;
  /** Requests of our own that come before the client's next one. */
  #own: OwnRequest[] = [];
  #running: OwnRequest | null = null;
  /** The connection lacks something that the client's session has. */
  #lacking = false;
  #cancelSent = false;
  #leaving = false;
  #closed = false;
  #pumping = false;

  constructor(options: MirrorSessionOptions) {
    this.#o = options;
    this.#destination = options.destination;
    this.#config = options.destination.config;
    this.#link = new MirrorLink(options.destination, this, options.parameters, options.facts.database);
    this.#selection = new Selection({
      config: this.#config,
      facts: options.facts,
      filter: options.destination.filter,
      hasCapacity: () => this.#link.takeSlot(),
      readsOnly: () => options.destination.isReadsOnly(options.facts.database),
    });
    this.#settlement = new Settlement(options.destination.recording, this.#config.compare);
    this.#destination.sessionOpened(this);
  }

  /** Whether the request's bytes may be needed. */
  mayTake(request: Request): boolean {
    return this.#selection.mayTake(request) && request.unit !== this.#droppedUnit;
  }

  /** Counts a request, decides about it and queues it. `chunks` are its bytes so far. */
  announce(request: Request, chunks: readonly Buffer[], bytes: number): void {
    if (this.#deferred[0]?.request.unit !== request.unit) this.#skipDeferred();
    const decision = this.#selection.decide(request);
    if (decision === "defer") {
      this.#defer(request, chunks, bytes);
      return;
    }
    if (decision === "select") {
      this.#takeDeferred();
      this.#take(request, chunks, bytes);
    } else {
      // The end of a transaction in which nothing was wanted ends what waited in it too.
      if (request.statements.some((statement) => statement.class.closesTransaction)) this.#skipDeferred();
      this.#skip(request, decision);
    }
    this.#pump();
  }

  #defer(request: Request, chunks: readonly Buffer[], bytes: number): void {
    const { budget } = this.#destination;
    if (this.#deferred.length >= this.#config.queueLength || !budget.take(bytes)) request.overflowed = true;
    this.#deferred.push(request.overflowed ? { request, chunks: [], bytes: 0 } : { request, chunks, bytes });
  }

  #takeDeferred(): void {
    for (const { request, chunks, bytes } of this.#deferred.splice(0)) {
      this.#destination.budget.give(bytes);
      this.#take(request, chunks, bytes);
    }
  }

  /** Nothing in the transaction was wanted; what outlives it runs all the same. */
  #skipDeferred(): void {
    for (const { request, chunks, bytes } of this.#deferred.splice(0)) {
      this.#destination.budget.give(bytes);
      if (request.sessionLevel) this.#take(request, chunks, bytes);
      else this.#skip(request, "filter");
    }
  }

  #skip(request: Request, reason: SkipReason): void {
    this.#missed(request);
    this.#destination.recording.seen(this.#o.lane);
    this.#destination.recording.skipped(this.#o.lane, reason);
  }

  #take(request: Request, chunks: readonly Buffer[], bytes: number): void {
    const { recording } = this.#destination;
    const { lane } = this.#o;
    recording.seen(lane);
    const full =
      request.unit === this.#droppedUnit || request.overflowed || this.#queue.length >= this.#config.queueLength;
    if (full || !this.#destination.budget.take(bytes)) {
      this.#refuse(request);
      return;
    }
    const recorded = recording.reserve(lane, 2);
    if (recorded) recording.queued(request.id, lane, request.statementId, this.#o.session, bytes);
    const mirrored = new MirrorRequest({
      owner: this,
      request,
      lane,
      recorded,
      nowMs: recording.clock.nowMs(),
      content: this.#config.compare === "content",
      budget: this.#destination.budget,
      chunks,
      bytes,
    });
    request.mirrors.push(mirrored);
    this.#queue.push(mirrored);
    this.#destination.queueChanged(1);
    this.#destination.busy(this);
  }

  appended(mirrored: MirrorRequest): void {
    if (mirrored === this.#current) this.#feed(mirrored);
  }

  overflowed(mirrored: MirrorRequest): void {
    this.#droppedUnit = mirrored.request.unit;
    this.#drop(mirrored, "buffer_full");
    this.#dropUnit(mirrored.request.unit);
    this.#pump();
  }

  primarySettled(mirrored: MirrorRequest): void {
    if (mirrored === this.#current) this.#endCopy(mirrored);
    this.#settle();
    this.#pump();
  }

  cancelled(mirrored: MirrorRequest): void {
    if (mirrored === this.#current) this.#cancel();
  }

  /** The client has left: what is queued still runs, but for a request that it sent only a part of. */
  leave(cut: Request | null): void {
    this.#leaving = true;
    this.#skipDeferred();
    for (const mirrored of cut?.mirrors ?? []) {
      if (mirrored.owner === this && !mirrored.finished) this.#drop(mirrored, "session_closed");
    }
    this.#settle();
    this.#pump();
  }

  /** Shutdown's end: what could not finish is given up. */
  abort(): void {
    for (const mirrored of [...this.#queue, ...this.#unsettled]) {
      if (!mirrored.settled) this.#drop(mirrored, "shutdown");
    }
    if (this.#current !== null) this.#drop(this.#current, "shutdown");
    this.#leaving = true;
    this.#awaited = null;
    this.#unsettled.length = 0;
    this.#disconnect();
    this.#pump();
  }

  // The link's side.

  linkReady(): void {
    this.#status = STATUS_IDLE;
    this.#statements.clear();
    this.#lacking = this.#state.incomplete;
    this.#own = [{ frames: encodeQuery(REPLICA_QUERY), onRow: (cause) => this.#replicaFound(cause) }];
    for (const frames of this.#state.commands) this.#own.push({ frames });
    this.#pump();
  }

  linkLost(end: ConnectionEnd): void {
    const current = this.#current;
    const status = this.#status;
    this.#forgetConnection();
    if (current !== null) {
      // A FATAL that came before the end says more than the end itself.
      const { failed, sqlstate, message } = current.result;
      const known = failed ? { ...end, sqlstate, reason: redactMessage(sqlstate, message) } : end;
      this.#fail(current, failureOf("ready", known));
    } else if (this.#awaited === null && status !== STATUS_IDLE) {
      this.#broken = !this.#settlement.primaryIdle;
    }
    this.#pump();
  }

  linkChanged(): void {
    this.#pump();
  }

  wanted(type: number): number {
    if (type === BackendMessage.DataRow && this.#clearing !== null) return OWN_ROW_BYTES_MAX;
    return Result.wanted(type, this.#config.compare === "content");
  }

  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void {
    if (type === BackendMessage.DataRow && this.#clearing !== null)
      this.#running?.onRow?.(firstColumn(buffer, start, end));
    const result = this.#clearing ?? this.#current?.result;
    if (result === undefined) return;
    const current = this.#current;
    if (current !== null) current.progressMs = this.#nowMs();
    if (!result.apply(type, buffer, start, end, bodyLength)) {
      if (result.copyIn && current !== null) {
        this.#feed(current);
        this.#endCopy(current);
      }
      return;
    }
    this.#status = result.status;
    if (this.#clearing !== null) {
      const own = this.#running;
      this.#clearing = null;
      this.#clearingSinceMs = -1;
      this.#running = null;
      own?.onDone?.(result);
    } else if (current !== null) {
      this.#answered(current);
    }
    this.#pump();
  }

  drained(): void {
    if (this.#current !== null) this.#feed(this.#current);
  }

  expectation(): Expectation {
    if (this.#clearing !== null) return "answer";
    if (this.#current === null) return "nothing";
    const { primary } = this.#current.request;
    return this.#current.result.bytes > primary.bytes * 2 + EXCESS_BYTES_MAX ? "excess" : "answer";
  }

  // The destination's clock.

  sweep(nowMs: number): void {
    if (this.#clearingSinceMs >= 0 && nowMs - this.#clearingSinceMs > DRAIN_MS) {
      this.#link.abandon("the mirror did not react to a cancel request");
    }
    const current = this.#current;
    if (current !== null) {
      const { request } = current;
      const elapsedMs = nowMs - current.sentMs;
      if (request.cancelled && request.primarySettled && !this.#cancelSent) {
        if (elapsedMs >= Math.max(CANCEL_AFTER_MS, request.primaryMs)) this.#cancel();
      }
      if (this.#isOverdue(current, nowMs)) this.#timeOut(current, nowMs);
    }
    this.#pump();
  }

  probe(): void {
    if (!this.#closed) this.#link.probe();
  }

  // The loop.

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    while (this.#step());
    this.#pumping = false;
    if (this.#current === null && this.#queue.length === 0 && this.#awaited === null) this.#rest();
  }

  /** Does the next thing there is to do; false when something must happen first. */
  #step(): boolean {
    if (this.#current !== null || this.#awaited !== null || this.#clearing !== null) return false;
    if (this.#link.isCancelling) return false;
    const own = this.#own.shift();
    if (own !== undefined) {
      this.#runOwn(own);
      return false;
    }
    const next = this.#queue[0];
    if (next === undefined) return false;
    if (this.#broken) {
      this.#fail(next, LOST_TRANSACTION);
      return true;
    }
    const reached = this.#link.reach();
    if (reached === "wait") return false;
    if (reached !== "ready") {
      this.#fail(next, reached);
    } else if (this.#status !== STATUS_IDLE && next.request.unit !== this.#ranUnit) {
      this.#runOwn({ frames: encodeQuery("ROLLBACK") });
    } else {
      this.#start(next);
    }
    return true;
  }

  #start(next: MirrorRequest): void {
    const { request } = next;
    const preparation = this.#statements.prepare(request.prepared);
    if (preparation.missing) {
      this.#droppedUnit = request.unit;
      this.#drop(next, "buffer_full");
      return;
    }
    if (request.kind === "simple" && preparation.frames.length > 0 && !next.prepared) {
      this.#teach(next, preparation);
      return;
    }
    this.#dequeue(next);
    this.#current = next;
    this.#cancelSent = false;
    this.#ranUnit = request.unit;
    next.taught = preparation.taught;
    next.sentMs = this.#nowMs();
    next.progressMs = next.sentMs;
    this.#link.writeAll(() => {
      if (request.kind !== "simple") for (const frame of preparation.frames) this.#link.write(frame);
      this.#feed(next);
    });
  }

  /** A simple Query has no room for a Parse before it: what its DEALLOCATE names is prepared by a request of our own. */
  #teach(next: MirrorRequest, { frames, taught }: Preparation): void {
    next.prepared = true;
    this.#runOwn({
      frames: Buffer.concat([...frames, encodeSync()]),
      onDone: ({ parsed }) => this.#statements.answered(null, taught, parsed),
    });
  }

  #feed(mirrored: MirrorRequest): void {
    while (this.#link.writable) {
      const chunk = mirrored.shift();
      if (chunk === null) return;
      mirrored.progressMs = this.#nowMs();
      this.#link.write(chunk);
    }
  }

  /** Ends a COPY that the primary has ended and the client will send nothing more for. */
  #endCopy(mirrored: MirrorRequest): void {
    const { request, result } = mirrored;
    if (!result.copyIn || !request.primarySettled || request.copyEnded || mirrored.waitingBytes > 0) return;
    if (mirrored.disturbed || !this.#link.isReady) return;
    mirrored.disturbed = true;
    this.#link.write(encodeCopyFail("the primary has ended this COPY"));
    if (request.kind === "extended") this.#link.write(encodeSync());
  }

  #answered(mirrored: MirrorRequest): void {
    const { request, result } = mirrored;
    mirrored.mirrorMs = this.#nowMs() - mirrored.sentMs;
    mirrored.discard();
    this.#current = null;
    if (request.statements.some((statement) => statement.class.forgetsSession) && !result.failed) this.#lacking = false;
    if (request.kind === "simple") this.#statements.queried(request.statements[0] ?? null);
    else this.#statements.answered(request.prepared, mirrored.taught, result.parsed);
    this.#unsettled.push(mirrored);
    this.#settle();
  }

  /** Ends a request that will get no answer. Everything behind it waits for the primary's word. */
  #fail(mirrored: MirrorRequest, failure: Failure): void {
    if (mirrored === this.#current) this.#current = null;
    else this.#dequeue(mirrored);
    mirrored.failure = failure;
    mirrored.mirrorMs = mirrored.sentMs < 0 ? 0 : this.#nowMs() - mirrored.sentMs;
    mirrored.discard();
    this.#awaited = mirrored;
    this.#unsettled.push(mirrored);
    this.#settle();
  }

  #settle(): void {
    for (let next = this.#unsettled[0]; next?.request.primarySettled; next = this.#unsettled[0]) {
      this.#unsettled.shift();
      if (next.settled) continue;
      this.#settlement.settle(next, this.#isExcused(next));
      this.#state.follow(next.request, next.command);
      if (next !== this.#awaited) continue;
      this.#awaited = null;
      this.#broken = !this.#link.isReady && !this.#settlement.primaryIdle;
    }
  }

  /** Whether a failure of the mirror may be our own doing. */
  #isExcused({ result }: MirrorRequest): boolean {
    if (result.sqlstate === Sqlstate.ReadOnlyTransaction) {
      return this.#destination.isReadsOnly(this.#o.facts.database);
    }
    return this.#lacking && LACKING_CLASSES.has(sqlstateClass(result.sqlstate));
  }

  #isOverdue(current: MirrorRequest, nowMs: number): boolean {
    const { request, result } = current;
    if (!request.primarySettled) return false;
    const sinceMs = result.copied ? current.progressMs : current.sentMs;
    return nowMs - sinceMs > Math.max(this.#config.timeoutMs, 3 * request.primaryMs);
  }

  /** The request's time is over: its outcome is `timeout`, the mirror is told to stop. */
  #timeOut(current: MirrorRequest, nowMs: number): void {
    const { category, attribution } = categorise({ phase: "ready", sqlstate: "", timedOut: true, socketError: false });
    this.#clearing = new Result(false);
    this.#clearingSinceMs = nowMs;
    this.#cancel();
    this.#fail(current, { category, attribution, sqlstate: "", message: "no answer from the mirror in time" });
  }

  #cancel(): void {
    this.#cancelSent = true;
    this.#link.cancel();
  }

  #runOwn(own: OwnRequest): void {
    this.#clearing = new Result(false);
    this.#clearingSinceMs = this.#nowMs();
    this.#running = own;
    this.#destination.busy(this);
    this.#link.write(own.frames);
  }

  #replicaFound(cause: string | null): void {
    this.#destination.replicaFound(this.#o.facts.database, cause);
    if (cause !== null) this.#own.unshift({ frames: encodeQuery("SET default_transaction_read_only = on") });
  }

  /** The queue has no room: this request, what waits of its transaction and what is still to come of it are dropped. */
  #refuse(request: Request): void {
    const { recording } = this.#destination;
    const { lane } = this.#o;
    this.#droppedUnit = request.unit;
    this.#missed(request);
    if (recording.reserve(lane, 1)) {
      recording.dropped(request.id, lane, request.statementId, "buffer_full", false);
    }
    this.#dropUnit(request.unit);
  }

  #dropUnit(unit: TransactionUnit): void {
    for (const mirrored of this.#queue.filter((waiting) => waiting.request.unit === unit)) {
      this.#drop(mirrored, "buffer_full");
    }
  }

  #drop(mirrored: MirrorRequest, reason: "buffer_full" | "session_closed" | "shutdown"): void {
    this.#settlement.drop(mirrored, reason);
    this.#missed(mirrored.request);
    if (mirrored !== this.#current) {
      this.#dequeue(mirrored);
      return;
    }
    // A part of it has been sent: only a new connection is clean.
    this.#current = null;
    this.#disconnect();
  }

  /** The request will not run on the mirror: if it changes the session, the mirror's session is another one now. */
  #missed(request: Request): void {
    if (!request.sessionLevel) return;
    this.#state.lose();
    this.#lacking = true;
  }

  #dequeue(mirrored: MirrorRequest): void {
    const at = this.#queue.indexOf(mirrored);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    this.#destination.queueChanged(-1);
  }

  /** Gives the connection up for a reason of our own. */
  #disconnect(): void {
    this.#link.disconnect();
    this.#forgetConnection();
  }

  #forgetConnection(): void {
    this.#clearing = null;
    this.#clearingSinceMs = -1;
    this.#running = null;
    this.#own = [];
    this.#status = STATUS_IDLE;
  }

  /** Nothing to run. */
  #rest(): void {
    if (this.#leaving && this.#unsettled.length === 0) {
      this.#close();
      return;
    }
    const cut = this.#droppedUnit !== null && this.#droppedUnit === this.#ranUnit;
    if (this.#clearing === null && cut && this.#link.isReady && this.#status !== STATUS_IDLE) {
      this.#runOwn({ frames: encodeQuery("ROLLBACK") });
    }
    if (this.#clearing === null && !this.#link.isCancelling) this.#destination.idle(this);
    this.#link.giveSlot();
  }

  #close(): void {
    this.#closed = true;
    this.#disconnect();
    this.#link.giveSlot();
    this.#destination.sessionClosed(this);
    this.#o.onClosed();
  }

  #nowMs(): number {
    return this.#destination.recording.clock.nowMs();
  }
}

/** What a session meets that lacks a setting, a temporary table, a prepared statement or a cursor. */
const LACKING_CLASSES: ReadonlySet<string> = new Set(["26", "34", "3F", "42"]);

/** Fed by replication, physical or logical, the database would apply every write twice. NULL: it is not. */
const REPLICA_QUERY = `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'in recovery'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
    WHERE d.datname = pg_catalog.current_database()) THEN 'has subscriptions' END`;
const OWN_ROW_BYTES_MAX = 256;

/** DataRow: int16 columns, then for each an int32 length (-1 = NULL) and the bytes. */
function firstColumn(buffer: Buffer, start: number, end: number): string | null {
  if (end - start < 6) return null;
  const length = buffer.readInt32BE(start + 2);
  return length < 0 ? null : buffer.toString("utf8", start + 6, Math.min(end, start + 6 + length));
}

const LOST_TRANSACTION: Failure = {
  category: "connection",
  attribution: "plumbing",
  sqlstate: "",
  message: "the mirror lost the transaction",
};
