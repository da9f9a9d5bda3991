// One request running on a mirror: its bytes go out as the connection takes them, a COPY that only the mirror is still in
// is ended, and the time that it may take is watched.

import { encodeCopyFail, encodeSync } from "../protocol/encode.ts";
import { BackendMessage } from "../protocol/message-types.ts";
import type { Expectation } from "./connection.ts";
import type { MirrorLink } from "./link.ts";
import type { MirrorRequest } from "./mirror-request.ts";
import type { Prelude } from "./teacher.ts";

/** An answer may be this much longer than the primary's before it is read slowly. */
const EXCESS_BYTES_MAX = 1 << 20;
/** After the client's cancel the mirror gets as long as the primary took, and at least this. */
const CANCEL_AFTER_MS = 10;
/** Until a CancelRequest without effect is repeated for the first time; doubled each time. */
const CANCEL_PAUSE_MS = 50;

/** What a server may say at any time: it is no progress. */
const CHATTER: ReadonlySet<number> = new Set([
  BackendMessage.NoticeResponse,
  BackendMessage.NotificationResponse,
  BackendMessage.ParameterStatus,
]);

export class Run {
  readonly mirrored: MirrorRequest;
  readonly #link: MirrorLink;
  readonly #timeoutMs: number;
  /** Messages that were sent in front of the request's own. */
  #before = 0;
  #synced = false;
  #cancelDueMs = 0;
  #cancelPauseMs = CANCEL_PAUSE_MS;

  constructor(mirrored: MirrorRequest, link: MirrorLink, timeoutMs: number) {
    this.mirrored = mirrored;
    this.#link = link;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends the prelude, then the request's own frames as far as they have come. */
  start({ frames, ops }: Prelude, nowMs: number): void {
    this.#before = ops.length;
    this.mirrored.sentMs = nowMs;
    this.mirrored.progressMs = nowMs;
    this.#link.writeAll(() => {
      for (const frame of frames) this.#link.write(frame);
      this.feed(nowMs);
    });
  }

  /** Sends what has come, as much as the connection takes. */
  feed(nowMs: number): void {
    while (this.#link.writable) {
      const chunk = this.mirrored.shift();
      if (chunk === null) return;
      this.mirrored.progressMs = nowMs;
      this.#link.write(chunk);
    }
  }

  /** Takes one frame of the answer; true when it was the last. */
  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, nowMs: number): boolean {
    const { result } = this.mirrored;
    if (!CHATTER.has(type)) this.mirrored.progressMs = nowMs;
    if (result.apply(type, buffer, start, end, bodyLength)) return true;
    if (result.copyIn) {
      this.feed(nowMs);
      this.#endCopy();
    } else if (result.failed) {
      this.#endSkipping();
    }
    return false;
  }

  /** The primary has answered: the client will send nothing more for it. */
  primaryIsDone(): void {
    this.#endCopy();
    this.#endSkipping();
  }

  /** Ends a COPY that only the mirror is still in. */
  #endCopy(): void {
    const { request, result, waitingBytes, disturbed } = this.mirrored;
    if (!result.copyIn || !request.primarySettled || request.copyEnded || waitingBytes > 0) return;
    if (disturbed || !this.#link.isReady) return;
    this.mirrored.disturbed = true;
    this.#link.write(encodeCopyFail("the primary has ended this COPY"));
    if (request.kind === "extended") this.#link.write(encodeSync());
  }

  /** Ends the wait for a Sync: a Query behind extended messages has none, and the mirror alone failed before it. */
  #endSkipping(): void {
    const { request, result } = this.mirrored;
    if (this.#synced || !result.failed || !request.primarySettled || !request.hasTail) return;
    if (result.steps - this.#before >= request.steps || !this.#link.isReady) return;
    this.#synced = true;
    this.#link.write(encodeSync());
  }

  cancel(nowMs: number): void {
    this.#cancelDueMs = nowMs + this.#cancelPauseMs;
    this.#cancelPauseMs *= 2;
    this.#link.cancel();
  }

  /**
   * The client cancelled the request on the primary, and the mirror has had its time. A CancelRequest that came before
   * the request did nothing, so it is repeated.
   */
  isCancelDue(nowMs: number): boolean {
    const { request, sentMs } = this.mirrored;
    if (!request.cancelled || !request.primarySettled || nowMs < this.#cancelDueMs) return false;
    return nowMs - sentMs >= Math.max(CANCEL_AFTER_MS, request.primaryMs);
  }

  /**
   * Never while the primary is still working on it, and not before three times the primary's own time; for a COPY it is
   * time without progress.
   */
  isOverdue(nowMs: number): boolean {
    const { request, result, sentMs, progressMs } = this.mirrored;
    if (!request.primarySettled) return false;
    const sinceMs = result.copied || result.copiesOut ? progressMs : sentMs;
    return nowMs - sinceMs > Math.max(this.#timeoutMs, 3 * request.primaryMs);
  }

  expectation(): Expectation {
    const { request, result } = this.mirrored;
    return result.bytes > request.primary.bytes * 2 + EXCESS_BYTES_MAX ? "excess" : "answer";
  }
}
