// Where one request ends and the next begins. The client's messages alone say so for almost all of them; two the server
// alone decides, and they wait for its answer before anybody is told of them: a Sync behind a request that may turn out
// to copy, when it is thrown away, and a Query behind extended messages, thrown away when one of those fails.
//
//   client:  query() extended() sync() copy() ─▶ chain of requests ─▶ announced
//   primary: answer() ─▶ the head of the chain moves on, is settled by ReadyForQuery

import type { ByteBudget } from "./byte-budget.ts";
import { BackendMessage } from "./protocol/message-types.ts";
import { STATUS_IDLE } from "./mirror/result.ts";
import { Request, type RequestKind } from "./request.ts";
import type { RequestBytes } from "./request-bytes.ts";
import { RequestChain } from "./request-chain.ts";
import { TransactionUnit } from "./transaction.ts";

export interface RequestBoundariesOptions {
  readonly bytes: RequestBytes;
  readonly budget: ByteBudget;
  /** Whether any mirroring compares contents, so that rows must be digested. */
  readonly content: () => boolean;
  readonly nextRequestId: () => number;
  readonly nowMs: () => number;
  readonly announce: (request: Request) => void;
  /** The primary answered it, or never will. */
  readonly settled: (request: Request) => void;
}

export class RequestBoundaries {
  readonly #o: RequestBoundariesOptions;
  readonly #bytes: RequestBytes;
  readonly #chain: RequestChain;
  #open: Request | null = null; // the client has begun it and not closed it
  #openers = 0; // how many of the pending ones may leave a transaction open
  #unit: TransactionUnit | null = null;
  #status = STATUS_IDLE;
  #answeredMs: number;

  constructor(options: RequestBoundariesOptions) {
    this.#o = options;
    this.#bytes = options.bytes;
    this.#chain = new RequestChain((request) => this.#announce(request));
    this.#answeredMs = options.nowMs();
  }

  /** Requests that the primary has not answered. */
  get depth(): number {
    return this.#chain.depth;
  }

  /** The request that the primary is working on. */
  get current(): Request | null {
    return this.#chain.head;
  }

  /** Nothing in flight, no transaction open. */
  get idle(): boolean {
    return this.#chain.head === null && this.#status === STATUS_IDLE;
  }

  /** The primary has all that it needs to answer the request that it is working on. */
  get answerIsComing(): boolean {
    const { head } = this.#chain;
    return head !== null && head.closed && !head.primary.copyIn;
  }

  // The client's side. `next` is where its message ends in the chunk.

  /** An extended message: the request that it belongs to, or null when the server throws it away. */
  extended(next: number): Request | null {
    const request = this.#begin("extended");
    this.#bytes.mark(request, next);
    if (request.skips) return null;
    request.steps++;
    return request;
  }

  /** A Query or FunctionCall: the request that it ends, or null when the server throws it away. Wants close(). */
  closing(kind: RequestKind, next: number): Request | null {
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

  close(request: Request): void {
    this.#open = null;
    request.closed = true;
    request.ready = true;
    if (request.startedMs === 0) request.startedMs = this.#o.nowMs();
    this.#bytes.assign();
    if (request.announced) for (const mirror of request.mirrors) mirror.closed();
    else this.#chain.tell();
  }

  sync(next: number): void {
    const { copier, last } = this.#chain;
    if (copier !== null && copier.primary.copyIn && !copier.copyEnded) {
      // While it takes CopyData the server throws a Sync away (PostgreSQL 18 docs, 54.2.6).
      this.#bytes.pass(next);
      return;
    }
    const isSync = this.#open === null;
    const request = this.#begin("extended", last !== null);
    if (isSync) {
      request.isSync = true;
      request.behindCopy = copier !== null && copier.copyEnds > 0;
    }
    this.#bytes.mark(request, next);
    this.close(request);
  }

  /** A Flush asks for nothing new, and in a COPY the server throws it away. */
  flush(next: number): void {
    if (this.#open === null || this.#open.primary.copyIn) this.#bytes.pass(next);
    else this.#bytes.mark(this.#open, next);
  }

  /** CopyData, or CopyDone and CopyFail, which are its end. Outside a COPY the server ignores all three. */
  copy(isEnd: boolean, next: number): void {
    const request = this.#open ?? this.#chain.copier;
    if (request === null) {
      this.#bytes.pass(next);
      return;
    }
    this.#bytes.mark(request, next);
    if (isEnd) {
      request.copyEnds++;
      request.copyEnded = request.copyEnds >= request.copies;
    }
  }

  /** Notes that a request may leave a transaction open. */
  mayOpen(request: Request): void {
    if (request.mayOpen) return;
    request.mayOpen = true;
    this.#openers++;
  }

  /** The session is over: what the primary has not answered it never will. Returns a request that was cut, if any. */
  end(): Request | null {
    const { last } = this.#chain;
    for (let request = this.#chain.head; request !== null; request = request.next) {
      if (!request.announced && request.closed) this.#announce(request);
      request.letGo(this.#o.budget);
      request.abandoned = true;
      this.#o.settled(request);
    }
    this.#chain.clear();
    this.#open = null;
    return last === null || last.closed ? null : last;
  }

  // The primary's side.

  /** One frame of the primary's. */
  answer(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void {
    const { head } = this.#chain;
    if (head === null) return;
    if (head.primary.apply(type, buffer, start, end, bodyLength)) this.#answered(head);
    else if (type === BackendMessage.CopyInResponse) this.#copies(head);
    else if (head.kind === "extended" && type !== BackendMessage.DataRow) this.#stepped(head, type);
  }

  /** The open request, or a new one. */
  #begin(kind: RequestKind, doubt = false): Request {
    if (this.#open !== null) return this.#open;
    // Also in a pipeline: behind requests that can't open a transaction, an idle session is still idle.
    if (this.#unit === null || (this.#openers === 0 && this.#status === STATUS_IDLE))
      this.#unit = new TransactionUnit();
    this.#unit.requests++;
    const request = new Request(this.#o.nextRequestId(), kind, this.#unit, this.#o.content());
    request.doubt = doubt;
    this.#chain.add(request);
    this.#open = request;
    return request;
  }

  #announce(request: Request): void {
    this.#bytes.assign();
    if (request.startedMs === 0) request.startedMs = this.#o.nowMs();
    request.announced = true;
    this.#o.announce(request);
  }

  /** An extended request moves on, and what was in doubt behind its messages may be certain now. */
  #stepped(request: Request, type: number): void {
    if (type === BackendMessage.ErrorResponse) {
      if (!request.hasTail || request.stepsDone < request.steps) this.#skipToSync(request);
    } else if (request.doubt && request.stepsDone >= request.steps) {
      request.doubt = false;
      this.#chain.tell();
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
    // What the client sent ahead of this waited: it might not have been for a COPY at all.
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
    if (!next.announced) {
      request.absorb(next, this.#o.budget);
      return;
    }
    next.abandoned = true;
    this.#o.settled(next);
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
    this.#o.settled(request);
    const { head } = this.#chain;
    if (head?.isSync && head.doubt) {
      head.doubt = false;
      this.#chain.tell();
    }
  }
}
