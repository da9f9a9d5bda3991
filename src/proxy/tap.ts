// Watches both directions of one session and cuts them into requests. It sees every byte and changes none.
//
//   client ──chunk──▶ tap.client() ─ names, bytes ─▶ request boundaries ─ announce ─▶ mirrors
//   primary ─chunk──▶ tap.primary() ─ answers ─────▶ request boundaries ─ settled ─▶ mirrors
//
// A request is announced (counted and offered to the mirrors) when the client has sent all of it, or when the primary
// asks for its CopyData. What follows belongs to it until the primary's ReadyForQuery.

import type { ByteBudget } from "./byte-budget.ts";
import { readBind, readDescribeOrClose, readParse } from "./protocol/frontend.ts";
import type { BadFrame, FrameSink } from "./protocol/frame-scanner.ts";
import { FrameScanner } from "./protocol/frame-scanner.ts";
import { BackendMessage, FrontendMessage } from "./protocol/message-types.ts";
import { readParameterStatus } from "./protocol/backend.ts";
import { Result } from "./mirror/result.ts";
import { ClientStatements } from "./client-statements.ts";
import type { Request } from "./request.ts";
import { RequestBoundaries } from "./request-boundaries.ts";
import { RequestBytes } from "./request-bytes.ts";
import { STATEMENT_BYTES_MAX, type Statement, type StatementBook } from "./statement-book.ts";

/** A Parse frame longer than this is not kept for preparing it again on a mirror. */
const PARSE_BYTES_MAX = 1 << 20;
/** As much of a Bind, Describe or Close as holds the names. */
const NAMES_BYTES_MAX = 1024;
const PARAMETER_BYTES_MAX = 512;
/** A length is a signed number in the protocol. */
const LENGTH_MAX = 0x7fff_ffff;

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
  readonly #requests: RequestBoundaries;
  #whole = 0; // where the last whole frame of the chunk ends
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
    this.#requests = new RequestBoundaries({
      bytes: this.#bytes,
      budget: options.budget,
      content: options.content,
      nextRequestId: options.nextRequestId,
      nowMs: options.nowMs,
      announce: options.announce,
      settled: (request) => this.#settled(request),
    });
    this.#fromClient = new FrameScanner(client, options.lengthMax);
    this.#fromPrimary = new FrameScanner(primary, LENGTH_MAX);
  }

  /** Requests that the primary has not answered. */
  get depth(): number {
    return this.#requests.depth;
  }

  /** The request that the primary is working on. */
  get current(): Request | null {
    return this.#requests.current;
  }

  /** Nothing in flight, nothing half sent, no transaction open. */
  get idle(): boolean {
    return this.#requests.idle && this.#fromClient.atBoundary;
  }

  /** The primary has all that it needs to answer the request that it is working on. */
  get answerIsComing(): boolean {
    return this.#requests.answerIsComing;
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
  }

  /** How much of the chunk that was refused is whole frames that may pass. */
  get passed(): number {
    return this.#whole;
  }

  /** Takes a chunk on its way to the primary. False: it holds a frame that nobody can follow. */
  client(chunk: Buffer): boolean {
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
    this.#bytes.close();
    return this.#requests.end();
  }

  #clientFrame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    this.#whole = next;
    switch (type) {
      case FrontendMessage.Query:
        // The text ends with a NUL, which belongs to the frame; a cut one has none.
        this.#query(buffer, start, end - start === bodyLength ? end - 1 : end, next);
        return;
      case FrontendMessage.FunctionCall: {
        const request = this.#requests.closing("function", next);
        if (request !== null) this.#requests.close(request);
        return;
      }
      case FrontendMessage.Sync:
        this.#requests.sync(next);
        return;
      case FrontendMessage.Flush:
        // One with a body is an error as any other extended message may be.
        if (bodyLength > 0) this.#requests.extended(next);
        else this.#requests.flush(next);
        return;
      case FrontendMessage.CopyData:
        this.#requests.copy(false, next);
        return;
      case FrontendMessage.CopyDone:
      case FrontendMessage.CopyFail:
        this.#requests.copy(true, next);
        return;
      case FrontendMessage.Terminate:
        this.#bytes.pass(next);
        return;
      default:
        this.#extended(type, buffer, start, end, bodyLength, next);
    }
  }

  #query(buffer: Buffer, start: number, end: number, next: number): void {
    const request = this.#requests.closing("simple", next);
    if (request === null) return;
    const statement = this.#find(buffer, start, end);
    request.names(statement);
    // DEALLOCATE needs its statement as a Bind does: a mirror that does not know it would fail alone.
    for (const name of statement.class.deallocates) {
      (request.prepared ??= []).push({ kind: "use", name, statement: this.#statements.find(name) });
    }
    this.#statements.query();
    this.#mayOpen(request, statement);
    this.#requests.close(request);
  }

  #extended(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    const request = this.#requests.extended(next);
    if (request === null) return;
    switch (type) {
      case FrontendMessage.Parse: {
        const parse = readParse(buffer, start, end, end - start < bodyLength);
        if (parse === null) break;
        const whole = end - start === bodyLength && bodyLength < PARSE_BYTES_MAX;
        const statement = this.#find(buffer, parse.textStart, parse.textEnd);
        const frame = whole && this.#o.mirrored ? copyFrame(type, buffer, start, end) : null;
        const previous = parse.name === "" ? null : this.#statements.find(parse.name);
        const prepared = this.#statements.parse({ name: parse.name, frame, statement, isKnown: null });
        (request.prepared ??= []).push({ kind: "parse", statement: prepared, previous });
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
    (request.prepared ??= []).push({ kind: "use", name, statement });
    request.names(statement?.statement ?? null);
    this.#mayOpen(request, statement?.statement ?? null);
  }

  /** Notes that a statement may leave a transaction open; one that is not known may do anything. */
  #mayOpen(request: Request, statement: Statement | null): void {
    if (statement === null || statement.class.opensTransaction) this.#requests.mayOpen(request);
  }

  #find(buffer: Buffer, start: number, end: number): Statement {
    return this.#o.book.find(buffer, start, end, this.#standardConformingStrings);
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
    this.#requests.answer(type, buffer, start, end, bodyLength);
  }

  #settled(request: Request): void {
    const { prepared, primary } = request;
    if (prepared !== null && primary.answered) this.#statements.answered(prepared, primary.parsed);
    if (!primary.failed) for (const statement of request.statements) this.#statements.executed(statement);
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

function copyFrame(type: number, buffer: Buffer, start: number, end: number): Buffer {
  const frame = Buffer.allocUnsafe(end - start + 5);
  frame[0] = type;
  frame.writeInt32BE(end - start + 4, 1);
  buffer.copy(frame, 5, start, end);
  return frame;
}
