// Watches both directions of one session and cuts them into requests. It sees every byte and changes none.
//
//   client ──chunk──▶ tap.client() ─ names, bytes ─▶ request boundaries ─ announce ─▶ mirrors
//   primary ─chunk──▶ tap.primary() ─ answers ─────▶ request boundaries ─ settled ─▶ mirrors
//
// A request is announced (counted and offered to the mirrors) when the client has sent all of it, or when the primary
// asks for its CopyData. What follows belongs to it until the primary's ReadyForQuery.

import type { ByteBudget } from "./byte-budget.ts";
import { readBind, readDescribeOrClose, readExecute, readParse } from "./protocol/frontend.ts";
import type { BadFrame, FrameSink } from "./protocol/frame-scanner.ts";
import { FrameScanner } from "./protocol/frame-scanner.ts";
import { BackendMessage, FrontendMessage } from "./protocol/message-types.ts";
import { readParameterStatus } from "./protocol/backend.ts";
import { Result } from "./mirror/result.ts";
import { ClientNames } from "./client-names.ts";
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
  /** Whether any mirroring compares contents now, so that the rows of a request that begins must be digested. */
  readonly content: () => boolean;
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
  readonly #names: ClientNames;
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
        return Result.wanted(type, (this.#requests.current?.primary.digest ?? null) !== null);
      },
      frame: (type, buffer, start, end, bodyLength) => this.#primaryFrame(type, buffer, start, end, bodyLength),
    };
    this.#names = new ClientNames((buffer, start, end) => this.#find(buffer, start, end));
    this.#bytes = new RequestBytes(options.budget, options.mirrored, options.wantsBytes);
    this.#requests = new RequestBoundaries({
      bytes: this.#bytes,
      budget: options.budget,
      content: options.content,
      nextRequestId: options.nextRequestId,
      nowMs: options.nowMs,
      announce: (request) => this.#announced(request),
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
        if (end - start === bodyLength) this.#query(buffer, start, end - 1, false, next);
        else this.#query(buffer, start, end, true, next);
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

  #query(buffer: Buffer, start: number, end: number, partial: boolean, next: number): void {
    const request = this.#requests.closing("simple", next);
    if (request === null) return;
    if (!this.#o.mirrored) {
      this.#requests.close(request);
      return;
    }
    const statement = this.#find(buffer, start, end);
    this.#names.query({ request, statement, text: { buffer, start, end, partial } });
    this.#mayOpen(request, statement);
    this.#requests.close(request);
  }

  #extended(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void {
    const request = this.#requests.extended(next);
    if (request === null || !this.#o.mirrored) return;
    switch (type) {
      case FrontendMessage.Parse: {
        const partial = end - start < bodyLength;
        const parse = readParse(buffer, start, end, partial);
        if (parse === null) break;
        const frame = partial || bodyLength > PARSE_BYTES_MAX ? null : copyFrame(type, buffer, start, end);
        const statement = this.#find(buffer, parse.textStart, parse.textEnd);
        const text = { buffer, start: parse.textStart, end: parse.textEnd, partial };
        this.#names.parse({ request, statement, text }, parse.name, frame);
        break;
      }
      case FrontendMessage.Bind: {
        const bind = readBind(buffer, start, end);
        if (bind !== null) this.#mayOpen(request, this.#names.bind(request, bind));
        break;
      }
      case FrontendMessage.Describe: {
        const what = readDescribeOrClose(buffer, start, end);
        if (what?.kind === "statement") this.#mayOpen(request, this.#names.use(request, what.name));
        break;
      }
      case FrontendMessage.Execute: {
        request.executes++;
        const execute = readExecute(buffer, start, end);
        if (execute !== null) this.#names.execute(request, execute.portal);
        break;
      }
      case FrontendMessage.Close: {
        const what = readDescribeOrClose(buffer, start, end);
        if (what?.kind === "statement") this.#names.close(request, what.name);
        break;
      }
      default:
        break;
    }
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
      if (status?.name === "standard_conforming_strings") {
        this.#standardConformingStrings = status.value === "on";
        this.#names.standardConformingStrings = this.#standardConformingStrings;
      }
      return;
    }
    if (!this.#loggedIn) {
      this.#o.loginFrame(type, buffer, start, end);
      return;
    }
    this.#requests.answer(type, buffer, start, end, bodyLength);
  }

  #announced(request: Request): void {
    // Behind others it waits for their answers: only then is it known what its names mean.
    if (request === this.#requests.current) this.#names.resolve(request);
    this.#o.announce(request);
  }

  #settled(request: Request): void {
    if (this.#o.mirrored) this.#names.settled(request);
    const { current } = this.#requests;
    if (current?.announced) this.#names.resolve(current);
    this.#o.primarySettled(request);
    for (const mirror of current?.mirrors ?? []) mirror.owner.namesKnown();
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
    case FrontendMessage.Execute:
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
