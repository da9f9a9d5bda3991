// Watches both directions of one session and cuts them into requests. It sees every byte and changes none.
//
//   client ──chunk──▶ tap.client() ─ begin, append, close ─▶ pending requests ─ announce ─▶ mirrors
//   primary ─chunk──▶ tap.primary() ─ answers the oldest pending request ─▶ ReadyForQuery settles it
//
// A request is announced (counted and offered to the mirrors) when the client has sent all of it, or when its first
// CopyData comes. What follows belongs to it until the primary's ReadyForQuery.

import type { ByteBudget } from "./byte-budget.ts";
import { encodeSync } from "./protocol/encode.ts";
import { readBind, readDescribeOrClose, readParse } from "./protocol/frontend.ts";
import type { BadFrame, FrameSink } from "./protocol/frame-scanner.ts";
import { FrameScanner } from "./protocol/frame-scanner.ts";
import { BackendMessage, FrontendMessage } from "./protocol/message-types.ts";
import { readParameterStatus } from "./protocol/backend.ts";
import { Result, STATUS_IDLE } from "./mirror/result.ts";
import { ClientStatements } from "./client-statements.ts";
import { Request, type RequestKind } from "./request.ts";
import { STATEMENT_BYTES_MAX, type Statement, type StatementBook } from "./statement-book.ts";
import { TransactionUnit } from "./transaction.ts";

/** A Parse frame longer than this is not kept for preparing it again on a mirror. */
const PARSE_BYTES_MAX = 1 << 20;
/** As much of a Bind, Describe or Close as holds the names. */
const NAMES_BYTES_MAX = 1024;
const PARAMETER_BYTES_MAX = 512;
/** A length is a signed number in the protocol. */
const LENGTH_MAX = 0x7fff_ffff;
const EMPTY = Buffer.alloc(0);
const SYNC = encodeSync();

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
  #chunk: Buffer = EMPTY;
  #from = 0; // start of what is not assigned in the chunk
  #to = 0; // end of what belongs to #target
  #target: Request | null = null;
  #held: Buffer[] = []; // bytes of a frame that has not come whole
  #heldBytes = 0;
  #heldLost = false; // … and did not fit the budget
  #open: Request | null = null; // the client has begun it and not closed it
  #last: Request | null = null; // the latest that the primary has not answered
  #head: Request | null = null; // the one that the primary answers next
  #depth = 0;
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
    this.#fromClient = new FrameScanner(client, options.lengthMax);
    this.#fromPrimary = new FrameScanner(primary, LENGTH_MAX);
  }

  /** Requests that the primary has not answered. */
  get depth(): number {
    return this.#depth;
  }

  /** The request that the primary is working on. */
  get current(): Request | null {
    return this.#head;
  }

  /** Nothing in flight, nothing half sent, no transaction open. */
  get idle(): boolean {
    return this.#head === null && this.#fromClient.atBoundary && this.#status === STATUS_IDLE;
  }

  /** The primary has all that it needs to answer the request that it is working on. */
  get answerIsComing(): boolean {
    return this.#head !== null && this.#head.closed && !this.#head.primary.copyIn;
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

  /** Takes a chunk on its way to the primary. False: it holds a frame that nobody can follow. */
  client(chunk: Buffer): boolean {
    this.#chunk = chunk;
    this.#from = 0;
    this.#to = 0;
    this.#target = null;
    this.#nowMs = this.#o.nowMs();
    const good = this.#fromClient.scan(chunk);
    this.#assign();
    if (this.#from < chunk.length && good) this.#hold(chunk.subarray(this.#from));
    this.#chunk = EMPTY;
    return good;
  }

  /** Takes a chunk on its way to the client. False: it holds a frame that nobody can follow. */
  primary(chunk: Buffer): boolean {
    return this.#fromPrimary.scan(chunk);
  }

  /** The session is over: what the primary has not answered it never will. Returns a request that was cut, if any. */
  end(): Request | null {
    const unfinished = this.#last !== null && !this.#last.closed ? this.#last : null;
    this.#open?.letGo(this.#o.budget);
    this.#open = null;
    this.#letHeldGo();
    for (let request = this.#head; request !== null; request = request.next) {
      request.abandoned = true;
      this.#o.primarySettled(request);
    }
    this.#head = null;
    this.#last = null;
    this.#depth = 0;
    return unfinished;
  }

  #clientFrame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    switch (type) {
      case FrontendMessage.Query: {
        const request = this.#begin("simple");
        // The text ends with a NUL, which belongs to the frame; a cut one has none.
        const textEnd = end - start === bodyLength ? end - 1 : end;
        const statement = this.#find(buffer, start, textEnd);
        request.names(statement);
        for (const name of statement.class.deallocates) {
          (request.prepared ??= []).push({ kind: "use", name, statement: this.#statements.find(name) });
        }
        this.#statements.query(statement);
        this.#mayOpen(request, statement);
        this.#mark(request, next);
        this.#close(request);
        return;
      }
      case FrontendMessage.FunctionCall: {
        const request = this.#begin("function");
        this.#mark(request, next);
        this.#close(request);
        return;
      }
      case FrontendMessage.Sync:
        this.#sync(next);
        return;
      case FrontendMessage.CopyData:
      case FrontendMessage.CopyDone:
      case FrontendMessage.CopyFail: {
        // Outside a COPY the server ignores these three.
        const request = this.#open ?? this.#last;
        if (request === null) {
          this.#pass(next);
          return;
        }
        this.#mark(request, next);
        if (type !== FrontendMessage.CopyData) request.copyEnded = true;
        if (!request.announced) this.#announce(request);
        return;
      }
      case FrontendMessage.Flush:
        // It asks for nothing new, and in a COPY the server throws it away.
        if (this.#open === null || this.#open.primary.copyIn) this.#pass(next);
        else this.#mark(this.#open, next);
        return;
      case FrontendMessage.Terminate:
        this.#pass(next);
        return;
      default:
        this.#extended(type, buffer, start, end, bodyLength, next);
    }
  }

  #sync(next: number): void {
    const last = this.#last;
    if (last !== null && last.primary.copyIn && !last.copyEnded) {
      // While it takes CopyData the server throws a Sync away (PostgreSQL 18 docs, 54.2.6).
      this.#pass(next);
      return;
    }
    // … as it has done with the Sync that closed an extended COPY first; this one closes it again.
    const reopened = this.#open === null && last !== null && !last.closed;
    const alone = this.#open === null && !reopened;
    const request = reopened ? last : this.#begin("extended");
    request.isSync = alone;
    this.#mark(request, next);
    this.#close(request);
  }

  /** The bytes up to `next` belong to no request. */
  #pass(next: number): void {
    this.#assign();
    this.#letHeldGo();
    this.#from = next;
  }

  #extended(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    const request = this.#begin("extended");
    switch (type) {
      case FrontendMessage.Parse: {
        const parse = readParse(buffer, start, end, end - start < bodyLength);
        if (parse === null) break;
        const whole = end - start === bodyLength && bodyLength < PARSE_BYTES_MAX;
        const statement = this.#find(buffer, parse.textStart, parse.textEnd);
        const frame = whole && this.#o.mirrored ? copyFrame(type, buffer, start, end) : null;
        const fresh = this.#statements.find(parse.name) === null;
        const prepared = this.#statements.parse({ name: parse.name, frame, statement });
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
    this.#mark(request, next);
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
  #begin(kind: RequestKind): Request {
    if (this.#open !== null) return this.#open;
    // Also in a pipeline: behind requests that can't open a transaction, an idle session is still idle.
    if (this.#unit === null || (this.#openers === 0 && this.#status === STATUS_IDLE))
      this.#unit = new TransactionUnit();
    this.#unit.requests++;
    const request = new Request(this.#o.nextRequestId(), kind, this.#unit, this.#o.content);
    if (this.#last === null) this.#head = request;
    else this.#last.next = request;
    this.#last = request;
    this.#depth++;
    this.#open = request;
    return request;
  }

  #close(request: Request): void {
    this.#open = null;
    request.closed = true;
    if (request.startedMs === 0) request.startedMs = this.#nowMs;
    this.#assign();
    if (!request.announced) this.#announce(request);
    else for (const mirror of request.mirrors) mirror.closed();
  }

  #announce(request: Request): void {
    this.#assign();
    if (request.startedMs === 0) request.startedMs = this.#nowMs;
    request.announced = true;
    this.#o.announce(request);
  }

  /** The bytes up to `next` belong to `request`. They are cut out together, when another request begins. */
  #mark(request: Request, next: number): void {
    if (this.#target !== request) this.#assign();
    this.#target = request;
    this.#to = next;
  }

  #assign(): void {
    const target = this.#target;
    if (target === null || this.#to <= this.#from) return;
    const wanted = target.announced ? target.mirrors.length > 0 : this.#o.wantsBytes(target);
    const held = this.#held;
    const lost = this.#heldLost;
    this.#letHeldGo();
    if (!wanted) {
      target.partial = true;
    } else if (lost || target.partial) {
      target.lose(this.#o.budget);
    } else {
      for (const chunk of held) target.append(chunk, this.#o.budget);
      target.append(cut(this.#chunk, this.#from, this.#to), this.#o.budget);
    }
    this.#from = this.#to;
    this.#target = null;
  }

  /** Keeps the beginning of a frame that goes on in the next chunk, as long as the budget has room. */
  #hold(bytes: Buffer): void {
    if (!this.#o.mirrored || this.#heldLost) return;
    if (this.#o.budget.take(bytes.length)) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
    } else {
      this.#letHeldGo();
      this.#heldLost = true;
    }
  }

  #letHeldGo(): void {
    this.#o.budget.give(this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    this.#heldLost = false;
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
    const head = this.#head;
    if (head === null) return;
    if (head.primary.apply(type, buffer, start, end, bodyLength)) this.#answered(head);
    else if (type === BackendMessage.CopyInResponse && head.kind === "extended" && head.closed) this.#reopen(head);
  }

  /** The server copies: it has thrown away the Sync that seemed to end this request. */
  #reopen(request: Request): void {
    const { next } = request;
    if (next === null) {
      request.closed = false;
    } else if (request.copyEnded && next.isSync) {
      // The client did not wait. What looked like a request of its own is the Sync that ends this one.
      request.next = next.next;
      if (this.#last === next) this.#last = request;
      this.#depth--;
      for (const mirror of request.mirrors) mirror.append(SYNC);
      next.abandoned = true;
      this.#o.primarySettled(next);
    }
  }

  #answered(request: Request): void {
    const nowMs = this.#o.nowMs();
    request.primaryMs = nowMs - Math.max(request.startedMs, this.#answeredMs);
    this.#answeredMs = nowMs;
    this.#status = request.primary.status;
    this.#head = request.next;
    if (this.#head === null) this.#last = null;
    if (this.#open === request) this.#open = null;
    this.#depth--;
    if (request.mayOpen) this.#openers--;
    if (request.primary.failed && request.prepared !== null) {
      this.#statements.failed(request.prepared, request.primary.parsed);
    }
    this.#o.primarySettled(request);
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

/** A part of a chunk that may be kept: a large part shares the chunk's memory, a small one must not pin it. */
function cut(chunk: Buffer, from: number, to: number): Buffer {
  const part = chunk.subarray(from, to);
  return part.length * 2 >= chunk.length ? part : Buffer.from(part);
}

function copyFrame(type: number, buffer: Buffer, start: number, end: number): Buffer {
  const frame = Buffer.allocUnsafe(end - start + 5);
  frame[0] = type;
  frame.writeInt32BE(end - start + 4, 1);
  buffer.copy(frame, 5, start, end);
  return frame;
}
