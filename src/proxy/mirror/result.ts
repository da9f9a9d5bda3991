// What one side answered to one request: failed or not, its command tags, its row counts, how it left the transaction.
// Both sides are read by this same code, so that what is compared was measured alike.

import { BackendMessage } from "../protocol/message-types.ts";
import { hashTag, readError, tagRows } from "../protocol/backend.ts";
import { RowDigest } from "./row-digest.ts";

/** Transaction status of a ReadyForQuery: idle. */
export const STATUS_IDLE = 0x49;

/** As much of an ErrorResponse as is read when it comes in pieces. */
const ERROR_BYTES_MAX = 8192;
const TAG_BYTES_MAX = 64;
/** Where the first value of a DataRow begins. */
const FIRST_VALUE = 6;

export class Result {
  failed = false;
  /** Of the first ErrorResponse; "" when the server gave none. */
  sqlstate = "";
  message = "";
  /** Sum over the command tags. */
  rows = 0;
  /** DataRow messages. */
  rowFrames = 0;
  /** Of the first one the first byte of its first value; -1 when there is none, or it was not seen. */
  firstByte = -1;
  /** All bytes of the answer, for throttling. */
  bytes = 0;
  /** Hash over the sequence of command tags, row counts included. */
  tags = 0;
  /** Set when the request was answered by ReadyForQuery; 0 before. */
  status = 0;
  /** Extended messages that were completed. */
  steps = 0;
  /** Statements that were completed, or suspended. */
  commands = 0;
  /** How many of them committed or prepared a transaction, and how many rolled back, if only to a savepoint. */
  commits = 0;
  rollbacks = 0;
  /** The server waits for CopyData. */
  copyIn = false;
  /** It has asked for CopyData at some time. */
  copied = false;
  /** It has begun to send CopyData. */
  copiesOut = false;
  readonly digest: RowDigest | null;

  constructor(content: boolean) {
    this.digest = content ? new RowDigest() : null;
  }

  get answered(): boolean {
    return this.status !== 0;
  }

  /** How much of a split frame apply() needs to see. */
  static wanted(type: number, content: boolean): number {
    switch (type) {
      case BackendMessage.ReadyForQuery:
        return 1;
      case BackendMessage.ErrorResponse:
        return ERROR_BYTES_MAX;
      case BackendMessage.CommandComplete:
        return TAG_BYTES_MAX;
      case BackendMessage.DataRow:
        return content ? RowDigest.ROW_BYTES_MAX : 0;
      default:
        return 0;
    }
  }

  /** Takes in one frame of the answer. Returns true when it was the ReadyForQuery that ends it. */
  apply(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): boolean {
    this.bytes += bodyLength + 5;
    switch (type) {
      case BackendMessage.DataRow:
        // Behind an int16 of columns and the int32 length of the value (PostgreSQL 18 docs, 54.7).
        if (this.rowFrames++ === 0 && end - start > FIRST_VALUE) this.firstByte = buffer[start + FIRST_VALUE]!;
        this.digest?.add(buffer, start, end, bodyLength);
        return false;
      case BackendMessage.CommandComplete:
        this.copyIn = false;
        this.rows += tagRows(buffer, start, end);
        this.#complete(hashTag(buffer, start, end));
        return false;
      case BackendMessage.ParseComplete:
      case BackendMessage.BindComplete:
      case BackendMessage.CloseComplete:
      case BackendMessage.RowDescription:
      case BackendMessage.NoData:
        this.steps++;
        return false;
      case BackendMessage.EmptyQueryResponse:
      case BackendMessage.PortalSuspended:
        this.#complete(type);
        return false;
      case BackendMessage.CopyInResponse:
      case BackendMessage.CopyBothResponse:
        this.copyIn = true;
        this.copied = true;
        return false;
      case BackendMessage.CopyOutResponse:
        this.copiesOut = true;
        return false;
      case BackendMessage.ErrorResponse:
        this.#fail(buffer, start, end);
        return false;
      case BackendMessage.ReadyForQuery:
        this.status = end > start ? buffer[start]! : STATUS_IDLE;
        this.copyIn = false;
        return true;
      default:
        return false;
    }
  }

  #fail(buffer: Buffer, start: number, end: number): void {
    this.copyIn = false;
    if (this.failed) return;
    const error = readError(buffer, start, end);
    this.failed = true;
    this.sqlstate = error.sqlstate;
    this.message = error.message;
  }

  /** `hash` stands for the last thing that the server said to a statement. */
  #complete(hash: number): void {
    this.steps++;
    this.commands++;
    this.tags = (Math.imul(this.tags, 31) + hash) | 0;
    if (COMMITTED.has(hash)) this.commits++;
    else if (hash === ROLLED_BACK) this.rollbacks++;
  }
}

const hashOf = (tag: string): number => hashTag(Buffer.from(`${tag}\0`), 0, tag.length + 1);

const COMMITTED: ReadonlySet<number> = new Set(["COMMIT", "PREPARE TRANSACTION"].map(hashOf));
const ROLLED_BACK = hashOf("ROLLBACK");
