// What pgsoak asks a mirror on its own behalf, between the client's requests: is it a replica, restore these settings,
// roll this back. Nothing of it is counted. A request that was cancelled for taking too long ends here too: its answer is
// waited for and thrown away.

import { BackendMessage } from "../protocol/message-types.ts";
import type { Expectation } from "./connection.ts";
import { Result } from "./result.ts";

/** As much of a row as is looked at. */
const ROW_BYTES_MAX = 4096;
const COLUMNS_MAX = 8;

export interface OwnRequest {
  /** Whole messages that end with one ReadyForQuery. */
  readonly frames: Buffer;
  /** The columns of a row as text, null for NULL; what did not fit is left out. */
  readonly onRow?: (values: readonly (string | null)[]) => void;
  readonly onDone?: (result: Result) => void;
}

export class OwnRequests {
  #waiting: OwnRequest[] = [];
  #running: OwnRequest | null = null;
  #onDrained: ((rest: Result) => void) | null = null;
  #result: Result | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;

  /** The connection belongs to pgsoak until the next ReadyForQuery. */
  get busy(): boolean {
    return this.#result !== null;
  }

  /** What is only waited for to be over may come slowly. */
  get expectation(): Expectation {
    return this.#running === null ? "excess" : "answer";
  }

  /** Asked before anything else, in order. */
  replace(requests: readonly OwnRequest[]): void {
    this.#waiting = [...requests];
  }

  push(request: OwnRequest): void {
    this.#waiting.push(request);
  }

  shift(): OwnRequest | null {
    return this.#waiting.shift() ?? null;
  }

  /** Its frames are on their way. */
  begin(request: OwnRequest, deadlineMs: number): void {
    this.#running = request;
    this.#result = new Result(false);
    this.#deadlineMs = deadlineMs;
  }

  /** What the client's last request still answers is nobody's; `onDone` hears what came of it until its end. */
  drain(deadlineMs: number, onDone: (rest: Result) => void): void {
    this.#running = null;
    this.#onDrained = onDone;
    this.#result = new Result(false);
    this.#deadlineMs = deadlineMs;
  }

  isOverdue(nowMs: number): boolean {
    return this.busy && nowMs > this.#deadlineMs;
  }

  /** As much of a split frame as frame() needs. */
  wanted(type: number): number {
    return type === BackendMessage.DataRow ? ROW_BYTES_MAX : Result.wanted(type, false);
  }

  /** Takes one frame of the answer; the result when it was the last. */
  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): Result | null {
    const result = this.#result!;
    if (type === BackendMessage.DataRow) this.#running?.onRow?.(columnsOf(buffer, start, end));
    if (!result.apply(type, buffer, start, end, bodyLength)) return null;
    const done = this.#running;
    const drained = this.#onDrained;
    this.#stop();
    done?.onDone?.(result);
    drained?.(result);
    return result;
  }

  /** The connection is gone. */
  forget(): void {
    this.#waiting = [];
    this.#stop();
  }

  #stop(): void {
    this.#running = null;
    this.#onDrained = null;
    this.#result = null;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }
}

/** DataRow: int16 columns, then for each an int32 length (-1 = NULL) and the bytes (PostgreSQL 18 docs, 54.7). */
function columnsOf(buffer: Buffer, start: number, end: number): (string | null)[] {
  const values: (string | null)[] = [];
  if (end - start < 2) return values;
  const count = Math.min(buffer.readInt16BE(start), COLUMNS_MAX);
  for (let at = start + 2; values.length < count && at + 4 <= end;) {
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length > end - at) break;
    values.push(length < 0 ? null : buffer.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return values;
}
