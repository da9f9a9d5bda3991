// One request on its way through one mirroring: what waits, what was sent, what came back. Exactly one outcome.

import type { Compare } from "../../config/config.ts";
import type { ByteBudget } from "../byte-budget.ts";
import type { Failure } from "../recording.ts";
import type { Request } from "../request.ts";
import type { Announced } from "./announced.ts";
import type { Prelude } from "./teacher.ts";
import { Result } from "./result.ts";

const COMMAND_BYTES_MAX = 16 * 1024;

/** Who runs it. */
export interface MirrorRequestOwner {
  /** More bytes have come. */
  appended(request: MirrorRequest): void;
  /** Bytes have come that the budget has no room for: it can't be completed. */
  overflowed(request: MirrorRequest): void;
  /** The primary has answered it, or never will. */
  primarySettled(request: MirrorRequest): void;
  /** The client asked the primary to cancel it. */
  cancelled(request: MirrorRequest): void;
  /** What the names in the request that the primary has come to mean is known now. */
  namesKnown(): void;
}

export class MirrorRequest {
  readonly request: Request;
  readonly lane: number;
  /** False: the log had no room when it was selected; it is carried but not written about. */
  recorded = false;
  readonly queuedMs: number;
  /** Monotonic milliseconds when its first byte went to the mirror; -1 before. */
  sentMs = -1;
  /** Milliseconds from there to the mirror's ReadyForQuery or failure; -1 before. */
  mirrorMs = -1;
  /** When something last moved, for a COPY's time without progress. */
  progressMs = 0;
  /** How the two answers are compared, as was set when it was queued. */
  readonly compare: Compare;
  readonly result: Result;
  /** Why the mirror never answered, when it did not. */
  failure: Failure | null = null;
  /** It was given up before it could finish. */
  dropped = false;
  /** pgsoak had to end a COPY that only the mirror was still in: what it answers then proves nothing. */
  disturbed = false;
  settled = false;
  /** The filter has kept writes of its transaction, which came before it, from the mirror. */
  lacksWrites = false;
  /** What the mirror said when it could not be taught a statement that this one needs. */
  untaught: Result | null = null;
  /** How many questions of our own went ahead of it. */
  asked = 0;
  /** What was sent in front of it. */
  prelude: Prelude | null = null;
  /** Its frames, for repeating it on a new connection, when it changes the session and is small. */
  readonly command: Buffer | null;
  readonly owner: MirrorRequestOwner;
  readonly #budget: ByteBudget;
  #chunks: Buffer[];
  #at = 0;
  #bytes: number;
  /** Chunks still to send before the Sync that a COPY would swallow has gone; -1 when there is none. */
  #beforeSync = -1;

  /** `chunks` are `bytes` long together and held in the budget before anything else is done with it. */
  constructor(options: {
    owner: MirrorRequestOwner;
    request: Request;
    lane: number;
    nowMs: number;
    compare: Compare;
    budget: ByteBudget;
    chunks: readonly Buffer[];
    bytes: number;
  }) {
    this.owner = options.owner;
    this.request = options.request;
    this.lane = options.lane;
    this.queuedMs = options.nowMs;
    this.compare = options.compare;
    // What the primary's side did not begin to digest can't be compared.
    this.result = new Result(options.compare === "content" && options.request.primary.digest !== null);
    this.#budget = options.budget;
    this.#chunks = [...options.chunks];
    this.#bytes = options.bytes;
    this.command = commandOf(options);
    if (this.request.kind === "extended" && this.request.closed) this.#beforeSync = this.#chunks.length;
  }

  /** The mirror answered, or never will. */
  get finished(): boolean {
    return this.mirrorMs >= 0 || this.dropped;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  append(chunk: Buffer): void {
    if (this.finished) return;
    if (!this.#budget.take(chunk.length)) {
      this.owner.overflowed(this);
      return;
    }
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    this.owner.appended(this);
  }

  /** Some of its bytes could not be kept. */
  lose(): void {
    if (!this.finished) this.owner.overflowed(this);
  }

  /** It was not even sent: this is the mirror's answer to it. */
  refused(sqlstate: string, message: string, status: number): void {
    Object.assign(this.result, { failed: true, sqlstate, message, status });
    this.mirrorMs = 0;
    this.discard();
  }

  /** The client has sent all of it. */
  closed(): void {
    if (!this.finished) this.owner.appended(this);
  }

  /**
   * The next bytes to send, or null when there is nothing to send now. What an extended COPY sends behind its first
   * Sync waits until the mirror is copying too: a mirror that failed instead has answered that Sync already.
   */
  shift(): Buffer | null {
    const chunk = this.#chunks[this.#at];
    if (chunk === undefined) return null;
    if (this.#beforeSync === 0 && !this.result.copied) return null;
    if (this.#beforeSync > 0) this.#beforeSync--;
    this.#at++;
    if (this.#at === this.#chunks.length) {
      this.#chunks = [];
      this.#at = 0;
    }
    this.#bytes -= chunk.length;
    this.#budget.give(chunk.length);
    return chunk;
  }

  /** Lets all waiting bytes go. */
  discard(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
    this.#at = 0;
  }
}

/** The frames of a request that changes the session, when they are few enough to be kept for repeating them. */
export function commandOf({ request, chunks, bytes }: Announced): Buffer | null {
  const isWhole = !request.overflowed && !request.partial && request.closed;
  return request.sessionLevel && isWhole && bytes <= COMMAND_BYTES_MAX ? Buffer.concat(chunks) : null;
}
