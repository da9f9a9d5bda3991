// Watches both directions of one session and cuts them into requests. It sees every byte and changes none.
//
//   client ──chunk──▶ tap.client() ─ begin, append, close ─▶ pending requests ─ announce ─▶ mirrors
//   primary ─chunk──▶ tap.primary() ─ answers the oldest pending request ─▶ ReadyForQuery settles it
//
// A request is announced (counted and offered to the mirrors) when the client has sent all of it, or when its first
// CopyData comes. What follows belongs to it until the primary's ReadyForQuery. Two things a client may send whose
// meaning the server alone decides, and they wait for its answer: a Sync behind a request that may turn out to copy, when
// it is thrown away; and a Query behind extended messages, thrown away when one of those fails.

import type { ByteBudget } from "./byte-budget.ts";
import { readBind, readDescribeOrClose, readParse } from "./protocol/frontend.ts";
import type { BadFrame, FrameSink } from "./protocol/frame-scanner.ts";
import { FrameScanner } from "./protocol/frame-scanner.ts";
import { BackendMessage, FrontendMessage } from "./protocol/message-types.ts";
import { readParameterStatus } from "./protocol/backend.ts";
import { Result, STATUS_IDLE } from "./mirror/result.ts";
import { ClientStatements } from "./client-statements.ts";
import { Request, type RequestKind } from "./request.ts";
import { RequestBytes } from "./request-bytes.ts";
import { RequestChain } from "./request-chain.ts";
import { STATEMENT_BYTES_MAX, type Statement, type StatementBook } from "./statement-book.ts";
import { TransactionUnit } from "./transaction.ts";

/** A Parse frame longer than this is not kept for preparing it again on a mirror. */
const PARSE_BYTES_MAX = 1 << 20;
/** As much of a Bind, Describe or Close as holds the names. */
const NAMES_BYTES_MAX = 1024;
const PARAMETER_BYTES_MAX = 512;
/** A length is a signed number in the protocol. */
const LENGTH_MAX = 0x7fff_ffff;

/** The last thing that the server says to an extended message. */
const STEP_DONE: ReadonlySet<number> = new Set([
  BackendMessage.ParseComplete,
  BackendMessage.BindComplete,
  BackendMessage.CloseComplete,
  BackendMessage.RowDescription,
  BackendMessage.NoData,
  BackendMessage.CommandComplete,
  BackendMessage.EmptyQueryResponse,
  BackendMessage.PortalSuspended,
]);

export interface TapOptions {
  readonly book: StatementBook;
  readonly budget: ByteBudget;
  /** Longest frame that the client may send, as its length field says it. What the primary says is its own affair. */
  readonly lengthMax: number;
  /** Whether the session has any mirroring. */
  readonly mirrored: boolean;
  /** Whether any mirroring compares contents, so that rows must be digested. */
  readonly content: boolean;
  readonly nextRequestId: () => number;
  readonly nowMs: () => number;
  /** Whether anybody would take the request's bytes; when not, they are not gathered. */
  readonly wantsBytes: (request: Request) => boolean;
  readonly announce: (request: Request) => void;
  /** The primary answered it, or never will. */
  readonly primarySettled: (request: Request) => void;
  /** What the primary says before it has let the client in. */
  readonly loginFrame: (type: number, buffer: Buffer, start: number, end: number) => void;
}

export class Tap {
  readonly #o: TapOptions;
  readonly #fromClient: FrameScanner;
  readonly #fromPrimary: FrameScanner;
  readonly #statements = new ClientStatements();
  readonly #bytes: RequestBytes;
  readonly #chain: RequestChain;
  #open: Request | null = null; // the client has begun it and not closed it
  #whole = 0; // where the last whole frame of the chunk ends
  #openers = 0; // how many of the pending ones may leave a transaction open
  #unit: TransactionUnit | null = null;
  #status = STATUS_IDLE;
  #answeredMs = 0;
  #nowMs = 0;
  #standardConformingStrings = true;
  #loggedIn = false;

  constructor(options: TapOptions) {
    this.#o = options;
    const client: FrameSink = {
      wanted: (type) => clientWanted(type),
      frame: (type, buffer, start, end, bodyLength, next) =>
        this.#clientFrame(type, buffer, start, end, bodyLength, next),
    };
    const primary: FrameSink = {
      wanted: (type) => {
        if (!this.#loggedIn || type === BackendMessage.ParameterStatus) return PARAMETER_BYTES_MAX;
        return Result.wanted(type, options.content);
      },
      frame: (type, buffer, start, end, bodyLength) => this.#primaryFrame(type, buffer, start, end, bodyLength),
    };
    this.#bytes = new RequestBytes(options.budget, options.mirrored, options.wantsBytes);
    this.#chain = new RequestChain((request) => this.#announce(request));
    this.#fromClient = new FrameScanner(client, options.lengthMax);
    this.#fromPrimary = new FrameScanner(primary, LENGTH_MAX);
  }

  /** Requests that the primary has not answered. */
  get depth(): number {
    return this.#chain.depth;
  }

  /** The request that the primary is working on. */
  get current(): Request | null {
    return this.#chain.head;
  }

  /** Nothing in flight, nothing half sent, no transaction open. */
  get idle(): boolean {
    return this.#chain.head === null && this.#fromClient.atBoundary && this.#status === STATUS_IDLE;
  }

  /** The primary has all that it needs to answer the request that it is working on. */
  get answerIsComing(): boolean {
    const { head } = this.#chain;
    return head !== null && head.closed && !head.primary.copyIn;
  }

  /** True when an ErrorResponse of ours could be put into the stream to the client. */
  get primaryAtBoundary(): boolean {
    return this.#fromPrimary.atBoundary;
  }

  /** True when the client's last frame is whole. */
  get clientAtBoundary(): boolean {
    return this.#fromClient.atBoundary && this.#fromClient.bad === null;
  }

  get badFromClient(): BadFrame | null {
    return this.#fromClient.bad;
  }

  get badFromPrimary(): BadFrame | null {
    return this.#fromPrimary.bad;
  }

  /** From here on the primary answers the client's requests. */
  loggedIn(): void {
    this.#loggedIn = true;
    this.#answeredMs = this.#o.nowMs();
  }

  /** How much of the chunk that was refused is whole frames that may pass. */
  get passed(): number {
    return this.#whole;
  }

  /** Takes a chunk on its way to the primary. False: it holds a frame that nobody can follow. */
  client(chunk: Buffer): boolean {
    this.#nowMs = this.#o.nowMs();
    this.#whole = 0;
    this.#bytes.begin(chunk);
    const good = this.#fromClient.scan(chunk);
    this.#bytes.end(good);
    return good;
  }

  /** Takes a chunk on its way to the client. False: it holds a frame that nobody can follow. */
  primary(chunk: Buffer): boolean {
    return this.#fromPrimary.scan(chunk);
  }

  /** The session is over: what the primary has not answered it never will. Returns a request that was cut, if any. */
  end(): Request | null {
    const { last } = this.#chain;
    this.#bytes.close();
    for (let request = this.#chain.head; request !== null; request = request.next) {
      if (!request.announced && request.closed) this.#announce(request);
      request.letGo(this.#o.budget);
      request.abandoned = true;
      this.#o.primarySettled(request);
    }
    this.#chain.clear();
    this.#open = null;
    return last === null || last.closed ? null : last;
  }

  #clientFrame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    this.#whole = next;
    switch (type) {
      case FrontendMessage.Query:
        // The text ends with a NUL, which belongs to the frame; a cut one has none.
        this.#query(buffer, start, end - start === bodyLength ? end - 1 : end, next);
        return;
      case FrontendMessage.FunctionCall: {
        const request = this.#closing("function", next);
        if (request !== null) this.#close(request);
        return;
      }
      case FrontendMessage.Sync:
        this.#sync(next);
        return;
      case FrontendMessage.Flush:
        // It asks for nothing new, and in a COPY the server throws it away. One with a body is an error.
        if (bodyLength > 0) this.#extended(type, buffer, start, end, bodyLength, next);
        else if (this.#open === null || this.#open.primary.copyIn) this.#bytes.pass(next);
        else this.#bytes.mark(this.#open, next);
        return;
      case FrontendMessage.CopyData:
      case FrontendMessage.CopyDone:
      case FrontendMessage.CopyFail:
        this.#copy(type !== FrontendMessage.CopyData, next);
        return;
      case FrontendMessage.Terminate:
        this.#bytes.pass(next);
        return;
      default:
        this.#extended(type, buffer, start, end, bodyLength, next);
    }
  }

  #query(buffer: Buffer, start: number, end: number, next: number): void {
    const request = this.#closing("simple", next);
    if (request === null) return;
    const statement = this.#find(buffer, start, end);
    request.names(statement);
    for (const name of statement.class.deallocates) {
      (request.prepared ??= []).push({ kind: "use", name, statement: this.#statements.find(name) });
    }
    this.#statements.query(statement);
    this.#mayOpen(request, statement);
    this.#close(request);
  }

  /** A Query or FunctionCall has come: the request that it ends, or null when the server throws it away. */
  #closing(kind: RequestKind, next: number): Request | null {
    const open = this.#open;
    const request = open ?? this.#begin(kind);
    this.#bytes.mark(request, next);
    if (open?.skips) return null;
    if (open !== null) {
      open.hasTail = true;
      // If one of the messages before it fails, the server throws it away.
      open.doubt = open.stepsDone < open.steps;
    }
    return request;
  }

  #sync(next: number): void {
    const { copier, last } = this.#chain;
    if (copier !== null && copier.primary.copyIn && !copier.copyEnded) {
      // While it takes CopyData the server throws a Sync away (PostgreSQL 18 docs, 54.2.6).
      this.#bytes.pass(next);
      return;
    }
    const isSync = this.#open === null;
    const request = this.#open ?? this.#begin("extended", last !== null);
    if (isSync) {
      request.isSync = true;
      request.behindCopy = copier !== null && copier.copyEnds > 0;
    }
    this.#bytes.mark(request, next);
    this.#close(request);
  }

  #copy(isEnd: boolean, next: number): void {
    const request = this.#open ?? this.#chain.copier;
    // Outside a COPY the server ignores these messages.
    if (request === null) {
      this.#bytes.pass(next);
      return;
    }
    this.#bytes.mark(request, next);
    if (isEnd) {
      request.copyEnds++;
      request.copyEnded = request.copyEnds >= request.copies;
    }
    // What comes ahead of the server's word waits: it may not be for a COPY at all.
    if (request.primary.copyIn) this.#chain.tell();
  }

  #extended(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    const request = this.#begin("extended");
    this.#bytes.mark(request, next);
    if (request.skips) return;
    request.steps++;
    switch (type) {
      case FrontendMessage.Parse: {
        const parse = readParse(buffer, start, end, end - start < bodyLength);
        if (parse === null) break;
        const whole = end - start === bodyLength && bodyLength < PARSE_BYTES_MAX;
        const statement = this.#find(buffer, parse.textStart, parse.textEnd);
        const frame = whole && this.#o.mirrored ? copyFrame(type, buffer, start, end) : null;
        const fresh = this.#statements.find(parse.name) === null;
        const prepared = this.#statements.parse({ name: parse.name, frame, statement, isKnown: null });
        (request.prepared ??= []).push({ kind: "parse", statement: prepared, fresh });
        request.names(statement);
        break;
      }
      case FrontendMessage.Bind: {
        const bind = readBind(buffer, start, end);
        if (bind !== null) this.#use(request, bind.statement);
        break;
      }
      case FrontendMessage.Describe: {
        const what = readDescribeOrClose(buffer, start, end);
        if (what?.kind === "statement") this.#use(request, what.name);
        break;
      }
      case FrontendMessage.Close: {
        const what = readDescribeOrClose(buffer, start, end);
        if (what?.kind !== "statement") break;
        this.#statements.close(what.name);
        (request.prepared ??= []).push({ kind: "close", name: what.name });
        break;
      }
      default:
        break;
    }
  }

  #use(request: Request, name: string): void {
    const statement = this.#statements.find(name);
    this.#statements.executed(statement?.statement ?? null);
    (request.prepared ??= []).push({ kind: "use", name, statement });
    request.names(statement?.statement ?? null);
    this.#mayOpen(request, statement?.statement ?? null);
  }

  /** Notes that a statement may leave a transaction open; one that is not known may do anything. */
  #mayOpen(request: Request, statement: Statement | null): void {
    if (request.mayOpen || (statement !== null && !statement.class.opensTransaction)) return;
    request.mayOpen = true;
    this.#openers++;
  }

  #find(buffer: Buffer, start: number, end: number): Statement {
    return this.#o.book.find(buffer, start, end, this.#standardConformingStrings);
  }

  /** The open request, or a new one. */
  #begin(kind: RequestKind, doubt = false): Request {
    if (this.#open !== null) return this.#open;
    // Also in a pipeline: behind requests that can't open a transaction, an idle session is still idle.
    if (this.#unit === null || (this.#openers === 0 && this.#status === STATUS_IDLE))
      this.#unit = new TransactionUnit();
    this.#unit.requests++;
    const request = new Request(this.#o.nextRequestId(), kind, this.#unit, this.#o.content);
    request.doubt = doubt;
    this.#chain.add(request);
    this.#open = request;
    return request;
  }

  #close(request: Request): void {
    this.#open = null;
    request.closed = true;
    request.ready = true;
    if (request.startedMs === 0) request.startedMs = this.#nowMs;
    this.#bytes.assign();
    if (request.announced) for (const mirror of request.mirrors) mirror.closed();
    else this.#chain.tell();
  }

  #announce(request: Request): void {
    this.#bytes.assign();
    if (request.startedMs === 0) request.startedMs = this.#nowMs;
    request.announced = true;
    this.#o.announce(request);
  }

  #primaryFrame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void {
    if (type === BackendMessage.ParameterStatus) {
      const status = readParameterStatus(buffer, start, end);
      if (status?.name === "standard_conforming_strings") this.#standardConformingStrings = status.value === "on";
      return;
    }
    if (!this.#loggedIn) {
      this.#o.loginFrame(type, buffer, start, end);
      return;
    }
    const { head } = this.#chain;
    if (head === null) return;
    if (head.primary.apply(type, buffer, start, end, bodyLength)) this.#answered(head);
    else if (type === BackendMessage.CopyInResponse) this.#copies(head);
    else if (head.kind === "extended" && type !== BackendMessage.DataRow) this.#stepped(head, type);
  }

  /** An extended request moves on, and what was in doubt behind its messages may be certain now. */
  #stepped(request: Request, type: number): void {
    if (type === BackendMessage.ErrorResponse) {
      if (!request.hasTail || request.stepsDone < request.steps) this.#skipToSync(request);
    } else if (STEP_DONE.has(type)) {
      request.stepsDone++;
      if (request.doubt && request.stepsDone >= request.steps) {
        request.doubt = false;
        this.#chain.tell();
      }
    }
  }

  /** An extended message has failed: the server throws away all that follows, up to a Sync. */
  #skipToSync(request: Request): void {
    request.skips = true;
    if (request.closed && !request.hasTail) return;
    request.closed = false;
    request.doubt = false;
    for (let { next } = request; next !== null && !request.closed; next = request.next) {
      this.#takeOver(request, next);
      request.closed = next.closed && next.kind === "extended" && !next.hasTail;
    }
    request.hasTail = false;
    if (request.closed) this.#chain.tell();
    else this.#open = request;
  }

  /** The primary asks for data: it throws away every Sync up to the data's end. */
  #copies(request: Request): void {
    request.copies++;
    request.copyEnded = request.copyEnds >= request.copies;
    request.ready = true;
    if (request.kind === "extended") request.closed = false;
    for (let { next } = request; next?.isSync && next.doubt; next = request.next) {
      if (!next.behindCopy) {
        this.#chain.removeBehind(request);
        next.letGo(this.#o.budget);
      } else if (request.closed) {
        break;
      } else {
        this.#takeOver(request, next);
        request.closed = true;
      }
    }
    if (!request.closed && request.next === null) this.#open = request;
    this.#chain.tell();
  }

  /** `next`, which follows `request`, is none of its own: the server took it for a part of that. */
  #takeOver(request: Request, next: Request): void {
    this.#chain.removeBehind(request);
    if (next.mayOpen) this.#openers--;
    if (next.announced) {
      next.abandoned = true;
      this.#o.primarySettled(next);
    } else {
      request.absorb(next, this.#o.budget);
    }
  }

  #answered(request: Request): void {
    const nowMs = this.#o.nowMs();
    request.primaryMs = nowMs - Math.max(request.startedMs, this.#answeredMs);
    this.#answeredMs = nowMs;
    this.#status = request.primary.status;
    if (!request.announced) {
      request.ready = true;
      request.doubt = false;
      this.#chain.tell();
    }
    this.#chain.shift();
    if (this.#open === request) this.#open = null;
    if (request.mayOpen) this.#openers--;
    if (request.prepared !== null) this.#statements.answered(request.prepared, request.primary.parsed);
    this.#o.primarySettled(request);
    const { head } = this.#chain;
    if (head?.isSync && head.doubt) {
      head.doubt = false;
      this.#chain.tell();
    }
  }
}

/** How much of a split frame of the client is worth collecting. */
function clientWanted(type: number): number {
  switch (type) {
    case FrontendMessage.Query:
      return STATEMENT_BYTES_MAX;
    case FrontendMessage.Parse:
      return PARSE_BYTES_MAX;
    case FrontendMessage.Bind:
    case FrontendMessage.Describe:
    case FrontendMessage.Close:
      return NAMES_BYTES_MAX;
    default:
      return 0;
  }
}

function copyFrame(type: number, buffer: Buffer, start: number, end: number): Buffer {
  const frame = Buffer.allocUnsafe(end - start + 5);
  frame[0] = type;
  frame.writeInt32BE(end - start + 4, 1);
  buffer.copy(frame, 5, start, end);
  return frame;
}
