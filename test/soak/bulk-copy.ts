// COPY of gigabytes by a client that keeps none of it: one frame of 64 kB sent again and again, or frames that are only
// counted. One row fills a frame, so that parsing costs the servers little.

import { once } from "node:events";
import { type Frame, RawClient } from "../helpers/frames.ts";
import { copyData, copyDone, query } from "../helpers/messages.ts";

const ROW_BYTES = 65_535;
/** Rows of a COPY TO: `repeat` builds them faster the shorter they are. */
const OUT_ROW_BYTES = 8000;
/** 8 MiB. */
const ROWS_BETWEEN_LOOKS = 128;

interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

export interface BulkCopied {
  readonly rows: number;
  readonly ms: number;
}

/** Where bulk goes. */
export const BULK_TABLE = "CREATE UNLOGGED TABLE bulk (line text)";

export class BulkClient implements AsyncDisposable {
  readonly #raw: RawClient;

  private constructor(raw: RawClient) {
    this.#raw = raw;
  }

  static async login(target: Target): Promise<BulkClient> {
    return new BulkClient(await RawClient.login(target, { user: "postgres", database: target.database }));
  }

  async ask(sql: string): Promise<void> {
    await this.#raw.exchange(query(sql));
  }

  /** COPY FROM STDIN of about `bytes`; `mayGoOn` is waited for now and then. */
  async copyIn(bytes: number, mayGoOn?: () => Promise<void>): Promise<BulkCopied> {
    const { socket } = this.#raw;
    const row = copyData(Buffer.from(`${"x".repeat(ROW_BYTES)}\n`));
    const rows = Math.ceil(bytes / ROW_BYTES);
    this.#raw.send(query("COPY bulk FROM STDIN"));
    await this.#raw.until("G");
    const beganMs = performance.now();
    for (let sent = 0; sent < rows; sent++) {
      if (sent % ROWS_BETWEEN_LOOKS === 0) await mayGoOn?.();
      if (!socket.write(row)) await once(socket, "drain");
    }
    const answer = await this.#raw.exchange(copyDone());
    return { rows: rowsOf(answer), ms: performance.now() - beganMs };
  }

  /** COPY TO STDOUT of about `bytes`. */
  async copyOut(bytes: number): Promise<BulkCopied> {
    const { socket } = this.#raw;
    const rows = Math.ceil(bytes / OUT_ROW_BYTES);
    const beganMs = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const counter = new FrameCounter();
    const count = (chunk: Buffer): void => void (counter.take(chunk) && resolve(counter.of("d")));
    const ended = (): void => reject(new Error(`the connection ended after ${counter.of("d")} rows`));
    // RawClient keeps what it reads.
    const keepers = socket.listeners("data");
    socket.removeAllListeners("data").on("data", count).once("close", ended);
    this.#raw.send(query(`COPY (SELECT repeat('x', ${OUT_ROW_BYTES}) FROM generate_series(1, ${rows})) TO STDOUT`));
    const received = await promise;
    socket.off("data", count).off("close", ended);
    for (const keep of keepers) socket.on("data", (chunk) => keep.call(socket, chunk));
    return { rows: received, ms: performance.now() - beganMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#raw[Symbol.asyncDispose]();
  }
}

function rowsOf(answer: readonly Frame[]): number {
  const complete = answer.find(({ type }) => type === "C");
  if (complete === undefined) throw new Error(`COPY failed: ${answer.map(({ body }) => body.toString()).join(" ")}`);
  return Number(/^COPY (\d+)/.exec(complete.body.toString())?.[1]);
}

/** Counts frames by their type and keeps nothing of them. */
class FrameCounter {
  readonly #counts = new Map<string, number>();
  /** The beginning of a header that isn't whole. */
  #header = Buffer.alloc(0);
  #skip = 0;

  of(type: string): number {
    return this.#counts.get(type) ?? 0;
  }

  /** True when the last frame was a ReadyForQuery. */
  take(chunk: Buffer): boolean {
    let at = Math.min(this.#skip, chunk.length);
    this.#skip -= at;
    let type = "";
    while (at < chunk.length) {
      const part = chunk.subarray(at, at + 5 - this.#header.length);
      this.#header = Buffer.concat([this.#header, part]);
      at += part.length;
      if (this.#header.length < 5) return false;
      type = this.#header.toString("latin1", 0, 1);
      this.#counts.set(type, this.of(type) + 1);
      const body = this.#header.readUInt32BE(1) - 4;
      this.#header = Buffer.alloc(0);
      const here = Math.min(body, chunk.length - at);
      at += here;
      this.#skip = body - here;
    }
    return type === "Z" && this.#skip === 0;
  }
}
