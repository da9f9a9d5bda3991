// One session on one mirror: takes the requests that were selected, runs them one after the other on a connection of its
// own, at its own pace, and says what became of each.
//
//   intake ─▶ queue ─▶ run ──bytes──▶ link ──answer──▶ unsettled ──the primary answered──▶ settlement
//                                     (opened when first needed, renewed between transactions only)

import type { DropReason } from "../../events/event.ts";
import type { Entrant } from "../auth/credential.ts";
import type { Failure } from "../recording.ts";
import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";
import { categorise } from "./categorise.ts";
import type { ConnectionEnd, Expectation } from "./connection.ts";
import type { MirrorDestination, Swept } from "./destination.ts";
import { Errands } from "./errands.ts";
import type { SessionFacts } from "./filter.ts";
import type { Announced } from "./announced.ts";
import { Intake, type IntakeOwner } from "./intake.ts";
import { failureOf, type LinkOwner, MirrorLink } from "./link.ts";
import type { Enter } from "./mirror.ts";
import { commandOf, MirrorRequest, type MirrorRequestOwner } from "./mirror-request.ts";
import { MirrorQueue } from "./queue.ts";
import { isOwnDoing } from "./own-doing.ts";
import { redactMessage } from "./redact.ts";
import { Result, STATUS_IDLE } from "./result.ts";
import { Run } from "./run.ts";
import { Selection } from "./selection.ts";
import { SessionMemory } from "./session-memory.ts";
import type { SessionCommand } from "./session-state.ts";
import { Settlement } from "./settlement.ts";
import { type Prelude, Teacher } from "./teacher.ts";

/** Questions of our own ahead of one request; a mirror that makes us ask more is not worth asking. */
const ASKED_MAX = 1000;

export interface MirrorSessionOptions {
  readonly destination: MirrorDestination;
  /** Whom others know it as. */
  readonly mirror: MirrorRequestOwner & Swept;
  readonly enter: Enter;
  readonly session: number;
  readonly lane: number;
  readonly facts: SessionFacts;
  /** The client's startup parameters. */
  readonly parameters: ReadonlyMap<string, string>;
  /** What it has proved to pgsoak; null where the primary authenticates clients. */
  readonly entrant: Entrant | null;
  /** Nothing more will happen: the client has left and the queue is done. */
  readonly onClosed: () => void;
}

export class MirrorSession implements MirrorRequestOwner, IntakeOwner, LinkOwner, Swept {
  readonly enter: Enter;
  readonly #o: MirrorSessionOptions;
  readonly #destination: MirrorDestination;
  readonly #link: MirrorLink;
  readonly #selection: Selection;
  readonly #intake: Intake;
  readonly #queue: MirrorQueue;
  readonly #errands: Errands;
  readonly #settlement: Settlement;
  readonly #teacher = new Teacher();
  readonly #memory = new SessionMemory();
  #run: Run | null = null;
  /** Finished without an answer: nothing else runs until the primary has said where its transaction stands. */
  #awaited: MirrorRequest | null = null;
  /** Finished on the mirror, waiting for the primary. In order. */
  readonly #unsettled: MirrorRequest[] = [];
  /** Transaction status that the mirror connection reported last. */
  #status = STATUS_IDLE;
  /** The unit of the request that ran last. */
  #ranUnit: TransactionUnit | null = null;
  /** Of its writes some do not run on the mirror. */
  #thinnedUnit: TransactionUnit | null = null;
  /** The last one with the end of a transaction in it that does not run on the mirror. */
  #missedEnd: Request | null = null;
  /** The mirror lost this one, in which the primary still has a transaction. */
  #brokenUnit: TransactionUnit | null = null;
  #leaving = false;
  #closed = false;
  #pumping = false;
  /** Counted as one that lacks something. */
  #isLacking = false;

  constructor(options: MirrorSessionOptions) {
    const { destination, facts } = options;
    this.#o = options;
    this.enter = options.enter;
    this.#destination = destination;
    this.#link = new MirrorLink(destination, this, options.parameters, facts.database, options.entrant);
    this.#errands = new Errands({
      destination,
      link: this.#link,
      database: facts.database,
      onAsked: () => destination.busy(options.mirror),
      onQuery: () => this.#teacher.queried(),
    });
    this.#queue = new MirrorQueue(destination);
    this.#selection = new Selection({
      facts,
      rules: () => destination.rules,
      hasCapacity: () => this.#link.takeSlot(),
      readsOnly: () => destination.isReadsOnly(facts.database),
    });
    this.#intake = new Intake(destination, options.lane, this.#selection, this);
    this.#settlement = new Settlement(destination.recording);
    destination.sessionOpened(options.mirror);
  }

  /** Whether the request's bytes may be needed. */
  mayTake(request: Request): boolean {
    return this.#selection.mayTake(request) && !this.#queue.isDropped(request.unit);
  }

  /** The client has begun a request; `chunks` are its bytes so far, `bytes` long together. */
  announce(announced: Announced): void {
    this.#intake.announce(announced);
    this.#pump();
  }

  /** The client has left: what is queued still runs, but for a request that it sent only a part of. */
  leave(cut: Request | null): void {
    this.#leaving = true;
    this.#intake.skipDeferred();
    for (const mirrored of cut?.mirrors ?? []) {
      if (mirrored.owner === this.#o.mirror && !mirrored.finished) this.#drop(mirrored, "session_closed");
    }
    this.#settle();
    this.#pump();
  }

  /** Shutdown's end: what could not finish is given up. */
  abort(): void {
    for (const mirrored of [...this.#queue.all, ...this.#unsettled]) {
      if (!mirrored.settled) this.#drop(mirrored, "shutdown");
    }
    if (this.#run !== null) this.#drop(this.#run.mirrored, "shutdown");
    this.#leaving = true;
    this.#awaited = null;
    this.#unsettled.length = 0;
    this.#disconnect();
    this.#pump();
  }

  /**
   * A defect: nothing in here may be what it seems. What was selected gets its outcome, and what is held for others is given
   * back, each whatever becomes of the rest.
   */
  giveUp(): void {
    if (this.#closed) return;
    this.#closed = true;
    attempt(() => this.#intake.lose());
    attempt(() => this.#settlement.dropAll("session_closed"));
    attempt(() => this.#queue.clear());
    attempt(() => this.#link.disconnect());
    attempt(() => this.#link.giveSlot());
    attempt(() => this.#countLacking(false));
    attempt(() => this.#destination.sessionClosed(this.#o.mirror));
    attempt(() => this.#o.onClosed());
  }

  // The intake's side.

  take({ request, chunks, bytes }: Announced): void {
    const { recording, budget } = this.#destination;
    const { lane, session } = this.#o;
    if (request.overflowed || request.doesTooMuch || !this.#queue.hasRoomFor(request)) {
      this.refuse({ request, chunks, bytes });
      return;
    }
    const mirrored = new MirrorRequest({
      owner: this.#o.mirror,
      request,
      lane,
      nowMs: this.#nowMs(),
      compare: this.#destination.config.compare,
      budget,
      chunks,
      bytes,
    });
    if (!budget.take(bytes)) {
      this.refuse({ request, chunks, bytes });
      return;
    }
    mirrored.lacksWrites = request.unit === this.#thinnedUnit;
    this.#settlement.begin(mirrored);
    mirrored.recorded = recording.reserve(lane, 2);
    if (mirrored.recorded) recording.queued(request.id, lane, request.statementId, session, bytes);
    request.mirrors.push(mirrored);
    this.#queue.push(mirrored);
    this.#destination.busy(this.#o.mirror);
  }

  /** There is no room for it: it is dropped with what waits of its transaction and what is still to come. */
  refuse(announced: Announced): void {
    const { request } = announced;
    const { recording } = this.#destination;
    const { lane } = this.#o;
    // What waits of its transaction first, so that all of it is missed in the client's order.
    this.#dropUnit(request.unit);
    this.missed(announced);
    if (recording.reserve(lane, 1)) {
      recording.dropped(request.id, lane, request.statementId, "buffer_full", false);
    }
  }

  missed(announced: Announced): void {
    const { request } = announced;
    this.#miss(request, commandOf(announced));
    if (request.mayWrite) this.#thinnedUnit = request.unit;
    if (!request.closesTransaction) return;
    this.#missedEnd = request;
    request.followers.push(() => this.#o.mirror.namesKnown());
  }

  // The request's side.

  appended(mirrored: MirrorRequest): void {
    this.#runOf(mirrored)?.feed(this.#nowMs());
  }

  overflowed(mirrored: MirrorRequest): void {
    this.#drop(mirrored, "buffer_full");
    this.#dropUnit(mirrored.request.unit);
    this.#pump();
  }

  primarySettled(mirrored: MirrorRequest): void {
    this.#runOf(mirrored)?.primaryIsDone();
    this.#settle();
    this.#pump();
  }

  cancelled(mirrored: MirrorRequest): void {
    this.#runOf(mirrored)?.cancel(this.#nowMs());
  }

  namesKnown(): void {
    this.#pump();
  }

  // The link's side.

  linkReady(): void {
    this.#status = STATUS_IDLE;
    this.#teacher.clear();
    this.#errands.greet(this.#memory.renewed().flatMap((command) => this.#teacher.repeat(command)));
    this.#pump();
  }

  linkLost(end: ConnectionEnd): void {
    const current = this.#run?.mirrored ?? null;
    if (this.#errands.busy) this.#destination.lostRequest(end.reason);
    this.#forgetConnection();
    if (current !== null) {
      // A FATAL that came before the end says more than the end itself.
      const { failed, sqlstate, message } = current.result;
      const known = failed ? { ...end, sqlstate, reason: redactMessage(sqlstate, message) } : end;
      this.#destination.lostRequest(known.reason);
      this.#fail(current, failureOf("ready", known));
    } else if (this.#awaited === null) {
      this.#brokenUnit = this.#settlement.primaryIdle ? null : this.#ranUnit;
    }
    this.#pump();
  }

  linkChanged(): void {
    this.#pump();
  }

  wanted(type: number): number {
    if (this.#errands.busy) return this.#errands.wanted(type);
    return Result.wanted(type, (this.#run?.mirrored.result.digest ?? null) !== null);
  }

  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void {
    if (this.#errands.busy) {
      const result = this.#errands.frame(type, buffer, start, end, bodyLength);
      if (result === null) return;
      this.#status = result.status;
    } else if (this.#run?.frame(type, buffer, start, end, bodyLength, this.#nowMs())) {
      this.#answered(this.#run.mirrored);
    } else {
      return;
    }
    this.#pump();
  }

  drained(): void {
    this.#run?.feed(this.#nowMs());
  }

  expectation(): Expectation {
    if (this.#errands.busy) return this.#errands.expectation;
    return this.#run?.expectation() ?? "nothing";
  }

  // The destination's clock.

  sweep(nowMs: number): void {
    if (this.#errands.isOverdue(nowMs)) this.#link.abandon("the mirror does not react");
    if (this.#run?.isCancelDue(nowMs)) this.#run.cancel(nowMs);
    if (this.#run?.isOverdue(nowMs)) this.#timeOut(this.#run, nowMs);
    const isFree = this.#link.isReady && this.#status === STATUS_IDLE && this.#run === null && !this.#errands.busy;
    if (isFree) this.#errands.askFacts(nowMs);
    this.#pump();
  }

  probe(): void {
    if (!this.#closed) this.#link.probe();
  }

  // The loop.

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      while (this.#step());
    } finally {
      this.#pumping = false;
    }
    this.#countLacking(this.#memory.lacking);
    if (this.#run === null && this.#queue.isEmpty && this.#awaited === null) this.#rest();
  }

  /** Does the next thing there is to do; false when something must happen first. */
  #step(): boolean {
    if (this.#run !== null || this.#awaited !== null || this.#errands.busy || this.#link.isCancelling) return false;
    if (this.#link.isReady && this.#status === STATUS_IDLE && this.#errands.run(this.#nowMs())) return true;
    const next = this.#queue.head;
    const missed = this.#memory.missedBefore(next?.request ?? null);
    if (missed !== null && !missed.primarySettled) return false;
    if (missed !== null) this.#repeat(this.#memory.makeUp());
    else if (next === null) return false;
    else if (next.request.unit === this.#brokenUnit) this.#fail(next, LOST_TRANSACTION);
    else return this.#advance(next);
    return true;
  }

  /** Starts it, or does what must be done before; false when that takes a while. */
  #advance(next: MirrorRequest): boolean {
    const reached = this.#link.reach();
    if (reached === "wait") return false;
    const isNewUnit = next.request.unit !== this.#ranUnit;
    if (reached !== "ready") {
      this.#fail(next, reached);
    } else if (this.#status !== STATUS_IDLE && isNewUnit) {
      this.#errands.rollBack(this.#nowMs());
    } else if (this.#status === STATUS_IDLE && isNewUnit && this.#link.isOutdated) {
      this.#disconnect();
    } else if (this.#status === STATUS_IDLE && !isNewUnit && !this.#settlement.primaryIdle) {
      // The primary is in a transaction and the mirror isn't: its BEGIN was lost, so the rest of it must not run.
      if (this.#unsettled.length > 0) return false;
      this.#brokenUnit = next.request.unit;
    } else {
      return this.#start(next);
    }
    return true;
  }

  #start(next: MirrorRequest): boolean {
    const { request } = next;
    // Not before the primary has answered what is ahead of it: only then is it certain what its names mean.
    if (request.ops !== null && request.needs === null) return false;
    if (next.untaught !== null) {
      this.#unteachable(next, next.untaught);
      return true;
    }
    const lesson = this.#teacher.lesson(request, (result) => (next.untaught = result.failed ? result : null));
    if (lesson.kind === "renew" && this.#status === STATUS_IDLE) {
      this.#disconnect();
      return true;
    }
    if (lesson.kind === "missing" || lesson.kind === "renew" || next.asked > ASKED_MAX) {
      this.#drop(next, "buffer_full");
      this.#dropUnit(request.unit);
      return true;
    }
    if (lesson.kind === "ask") {
      next.asked++;
      this.#errands.ask(lesson.own, this.#nowMs());
    } else {
      this.#execute(next, lesson.prelude);
    }
    return false;
  }

  #execute(next: MirrorRequest, prelude: Prelude): void {
    this.#queue.remove(next);
    this.#ranUnit = next.request.unit;
    next.prelude = prelude;
    this.#run = new Run(next, this.#link, this.#destination.config.timeoutMs);
    this.#run.start(prelude, this.#nowMs());
  }

  /** A statement that it needs can't be prepared on the mirror: that is what the mirror answers to it. */
  #unteachable(next: MirrorRequest, { sqlstate, message, status }: Result): void {
    this.#queue.remove(next);
    this.#ranUnit = next.request.unit;
    next.refused(sqlstate, message, status);
    this.#unsettled.push(next);
    this.#settle();
  }

  #answered(mirrored: MirrorRequest): void {
    const { request, result, prelude } = mirrored;
    this.#run = null;
    this.#status = result.status;
    this.#destination.answered();
    mirrored.mirrorMs = this.#nowMs() - mirrored.sentMs;
    mirrored.discard();
    if (prelude !== null) this.#teacher.answered(request, prelude, result);
    this.#unsettled.push(mirrored);
    this.#settle();
  }

  /** Ends a request that will get no answer. Everything behind it waits for the primary's word. */
  #fail(mirrored: MirrorRequest, failure: Failure): void {
    if (this.#runOf(mirrored) !== null) this.#run = null;
    this.#queue.remove(mirrored);
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
      this.#repeat(this.#memory.settled(next));
      if (next !== this.#awaited) continue;
      this.#awaited = null;
      const { unit } = next.request;
      const isBroken = (this.#brokenUnit === unit || !this.#link.isReady) && !this.#settlement.primaryIdle;
      this.#brokenUnit = isBroken ? unit : null;
    }
  }

  /** Whether a difference may be our own doing. */
  #isExcused(mirrored: MirrorRequest): boolean {
    return this.#memory.lacking || isOwnDoing(mirrored, this.#destination.isReadsOnly(this.#o.facts.database));
  }

  /** The request's time is over: its outcome is `timeout`, the mirror is told to stop. */
  #timeOut(run: Run, nowMs: number): void {
    const { category, attribution } = categorise({ phase: "ready", sqlstate: "", timedOut: true, socketError: false });
    const { request, result, prelude } = run.mirrored;
    // The names that it defines before it stops are known all the same.
    this.#errands.drain(nowMs, (rest) => {
      const progress = { steps: result.steps + rest.steps, commands: result.commands + rest.commands };
      if (prelude !== null) this.#teacher.answered(request, prelude, progress);
    });
    run.cancel(nowMs);
    this.#fail(run.mirrored, { category, attribution, sqlstate: "", message: "no answer from the mirror in time" });
  }

  #dropUnit(unit: TransactionUnit): void {
    for (const mirrored of this.#queue.dropUnit(unit)) this.#drop(mirrored, "buffer_full");
  }

  #drop(mirrored: MirrorRequest, reason: Exclude<DropReason, "interrupted">): void {
    this.#settlement.drop(mirrored, reason);
    this.#miss(mirrored.request, mirrored.command);
    this.#queue.remove(mirrored);
    // A part of it has been sent: only a new connection is clean.
    if (this.#runOf(mirrored) !== null) this.#disconnect();
  }

  /** It will not run: what the primary keeps of it is made up for when the mirror has come as far. */
  #miss(request: Request, command: Buffer | null): void {
    this.#memory.miss({ request, command });
    if (request.sessionLevel) request.followers.push(() => this.#o.mirror.namesKnown());
  }

  #repeat(commands: readonly SessionCommand[]): void {
    if (!this.#link.isReady) return;
    const all = [...this.#memory.takeOwed(), ...commands];
    this.#errands.repeat(all.flatMap((command) => this.#teacher.repeat(command)));
  }

  #runOf(mirrored: MirrorRequest): Run | null {
    return this.#run?.mirrored === mirrored ? this.#run : null;
  }

  /** Gives the connection up for a reason of our own. */
  #disconnect(): void {
    this.#link.disconnect();
    this.#forgetConnection();
  }

  #forgetConnection(): void {
    this.#run = null;
    this.#errands.forget();
    this.#status = STATUS_IDLE;
  }

  /** Nothing to run. */
  #rest(): void {
    if (this.#leaving && this.#unsettled.length === 0) {
      this.#close();
      return;
    }
    if (this.#errands.busy || this.#link.isCancelling) return;
    const isCut = this.#queue.isDropped(this.#ranUnit) || this.#hasMissedItsEnd();
    if (isCut && this.#link.isReady && this.#status !== STATUS_IDLE) this.#errands.rollBack(this.#nowMs());
    else this.#destination.idle(this.#o.mirror);
    this.#link.giveSlot();
  }

  /** The client's transaction is over, and the mirror was not told. */
  #hasMissedItsEnd(): boolean {
    const end = this.#missedEnd;
    if (end === null || end.unit !== this.#ranUnit || !end.primarySettled) return false;
    return !end.primary.failed || end.primary.status === STATUS_IDLE;
  }

  #countLacking(isLacking: boolean): void {
    if (isLacking === this.#isLacking) return;
    this.#isLacking = isLacking;
    this.#destination.sessionLacks(isLacking ? 1 : -1);
  }

  #close(): void {
    this.#closed = true;
    this.#countLacking(false);
    this.#disconnect();
    this.#link.giveSlot();
    this.#destination.sessionClosed(this.#o.mirror);
    this.#o.onClosed();
  }

  #nowMs(): number {
    return this.#destination.recording.clock.nowMs();
  }
}

/** What fails here fails behind another failure, which has been told. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The next one is as good as it was.
  }
}

const LOST_TRANSACTION: Failure = {
  category: "connection",
  attribution: "plumbing",
  sqlstate: "",
  message: "the mirror lost the transaction",
};
