// One client → server cycle that the primary closes with one ReadyForQuery, seen from the client's side. It gathers the
// bytes that mirrors will replay and the primary's answer that theirs is compared with.

import type { ByteBudget } from "./byte-budget.ts";
import type { MirrorRequest } from "./mirror/mirror-request.ts";
import { Result } from "./mirror/result.ts";
import type { Need } from "./prepared-names.ts";
import { type SessionOp, statementsDone } from "./session-op.ts";
import type { Statement } from "./statement-book.ts";
import type { TransactionUnit } from "./transaction.ts";

/** A pipeline may name more; then it is treated as one that may do anything. */
const STATEMENTS_MAX = 64;
/** Operations on the session that are followed. */
const OPS_MAX = 10_000;

export type RequestKind = "simple" | "extended" | "function";

export class Request {
  readonly id: number;
  readonly kind: RequestKind;
  readonly unit: TransactionUnit;
  /** Next in the order in which the primary will answer. */
  next: Request | null = null;
  /** The statements that it names, each once, in order. */
  readonly statements: Statement[] = [];
  /** It names a statement that only the server knows, or more than are kept. */
  hasUnknown = false;
  /** What it does to the session, in order; null: nothing of note. */
  ops: SessionOp[] | null = null;
  /** What the prepared statements that it mentions mean to the primary before it; null until that is known. */
  needs: readonly Need[] | null = null;
  /** It does more to the session than is followed: it can't be mirrored, and what its names mean is not known. */
  doesTooMuch = false;
  /** Bytes of the Parse frames that its operations keep. */
  opBytes = 0;
  /** It may touch what the session holds and no command brings back. */
  touchesObjects = false;
  /** The client has sent all of it, as far as is known: a COPY may open it again. */
  closed = false;
  /** Enough of it has come that the mirrors can begin with it. */
  ready = false;
  /** Whether the server took it for a request of its own, only the primary's answer will tell. */
  doubt = false;
  /** Offered to the mirrors: counted, decided, and streaming from here on. */
  announced = false;
  /** A Sync and nothing else. */
  isSync = false;
  /** … sent after the end of the data that the request before it may copy. */
  behindCopy = false;
  /** It ends with a Query or FunctionCall behind extended messages, not with a Sync. */
  hasTail = false;
  /** Extended messages. */
  steps = 0;
  /** How many of them were Execute. */
  executes = 0;
  /** The primary throws away what comes, up to the next Sync. */
  skips = false;
  /** How many times the primary has asked for CopyData, and the client has ended it. */
  copies = 0;
  copyEnds = 0;
  /** The client has sent CopyDone or CopyFail. */
  copyEnded = false;
  /** It may leave a transaction open. */
  mayOpen = false;
  /** The client asked to cancel it. */
  cancelled = false;
  /** Monotonic milliseconds when the primary could begin with it. */
  startedMs = 0;
  /** How long the primary took, in milliseconds; -1 until it answered, or when it never will. */
  primaryMs = -1;
  /** The primary will never answer: the session ended first. */
  abandoned = false;
  readonly primary: Result;
  readonly mirrors: MirrorRequest[] = [];
  /** Called when the primary has answered it, or never will, for mirrors that do not run it. */
  readonly followers: (() => void)[] = [];
  /** Gathered before the announcement, and held in the budget. */
  chunks: Buffer[] = [];
  bytes = 0;
  /** Some of its bytes were let pass because nobody wanted them. */
  partial = false;
  /** The budget had no room for all of them. */
  overflowed = false;

  constructor(id: number, kind: RequestKind, unit: TransactionUnit, content: boolean) {
    this.id = id;
    this.kind = kind;
    this.unit = unit;
    this.primary = new Result(content);
  }

  /** True when nobody can say more about the primary's side than is known now. */
  get primarySettled(): boolean {
    return this.abandoned || this.primaryMs >= 0;
  }

  /** What events call it by: the first statement's id, 0 when there is none. */
  get statementId(): number {
    return this.statements[0]?.id ?? 0;
  }

  /** Its rows may differ from one execution to the next by nature. */
  get volatile(): boolean {
    return this.hasUnknown || this.kind === "function" || this.statements.some((statement) => statement.class.volatile);
  }

  /** Extended messages that the primary has completed. */
  get stepsDone(): number {
    return this.primary.steps;
  }

  /** It changes, or may change, what later requests of the session find. */
  get sessionLevel(): boolean {
    if (this.touchesObjects) return true;
    return this.statements.some(({ class: c }) => c.sessionLevel || c.finishesPrepared);
  }

  /** It has the end of a transaction in it. */
  get closesTransaction(): boolean {
    return this.statements.some((statement) => statement.class.closesTransaction);
  }

  /** As far as its statements say so: a function that a SELECT calls may write too. */
  get mayWrite(): boolean {
    if (this.hasUnknown || this.kind === "function") return true;
    return this.statements.some(({ class: { level } }) => level === "dml" || level === "ddl");
  }

  /** The statements that touch the session and that the primary has run, in order. */
  *ran(): Iterable<Statement> {
    for (const op of this.ops ?? []) {
      if (statementsDone(op, this.primary) === 0) continue;
      if (op.kind === "execute") yield op.prepared.statement;
      else if (op.kind === "query") yield op.statement;
    }
  }

  does(op: SessionOp): void {
    this.ops ??= [];
    if (this.ops.length < OPS_MAX) this.ops.push(op);
    else this.doesTooMuch = true;
  }

  /** Notes a statement that it names; null is one that nobody here knows. */
  names(statement: Statement | null): void {
    if (statement === null) this.hasUnknown = true;
    else if (this.statements.at(-1) === statement || this.statements.includes(statement)) return;
    else if (this.statements.length < STATEMENTS_MAX) this.statements.push(statement);
    else this.hasUnknown = true;
  }

  /** Takes bytes of this request; they belong to it from now on. */
  append(chunk: Buffer, budget: ByteBudget): void {
    if (this.announced) {
      for (const mirror of this.mirrors) mirror.append(chunk);
    } else if (!this.overflowed && budget.take(chunk.length)) {
      this.chunks.push(chunk);
      this.bytes += chunk.length;
    } else {
      this.lose(budget);
    }
  }

  /** Bytes of this request could not be kept: it can't be mirrored any more. */
  lose(budget: ByteBudget): void {
    this.letGo(budget);
    this.overflowed = true;
    for (const mirror of this.mirrors) mirror.lose();
  }

  /** Takes over another that turned out to be part of this one. */
  absorb(other: Request, budget: ByteBudget): void {
    for (const statement of other.statements) this.names(statement);
    this.hasUnknown ||= other.hasUnknown;
    for (const op of other.ops ?? []) this.does({ ...op, step: op.step + this.steps });
    this.touchesObjects ||= other.touchesObjects;
    const { chunks } = other;
    other.letGo(budget);
    if (other.overflowed || other.partial) this.lose(budget);
    else for (const chunk of chunks) this.append(chunk, budget);
  }

  /** Gives the gathered bytes back to the budget. */
  letGo(budget: ByteBudget): void {
    budget.give(this.bytes);
    this.chunks = [];
    this.bytes = 0;
  }
}
