// One client of the soak: speaks frames, counts its requests as the server closes them, and insists on the answers that
// the primary must give.

import { connect } from "node:net";
import { errorFields, type Frame, RawClient } from "../helpers/frames.ts";
import { cancelRequest, PROTOCOL_3_0, PROTOCOL_3_2, query, startupMessage, terminate } from "../helpers/messages.ts";
import type { Random } from "./random.ts";

interface Target {
  readonly host: string;
  readonly port: number;
}

/** What became of one request on the primary. */
export interface Answer {
  /** Of the first error; "" when there was none. */
  readonly sqlstate: string;
  /** I, T or E. */
  readonly status: string;
  readonly frames: readonly Frame[];
}

export class SoakSession {
  readonly random: Random;
  /** Its own rows: no other session touches them. */
  readonly owner: number;
  /** Requests that were sent, each closed by one ReadyForQuery. */
  requests = 0;
  /** Requests whose answers it did not wait for. */
  unanswered = 0;
  /** Named statements that it has prepared and not closed: name → text. */
  readonly prepared = new Map<string, string>();
  /** For names that are used once. */
  #names = 0;
  readonly #target: Target;
  readonly #raw: RawClient;
  readonly #key: Buffer;

  private constructor(target: Target, raw: RawClient, key: Buffer, owner: number, random: Random) {
    this.#target = target;
    this.#raw = raw;
    this.#key = key;
    this.owner = owner;
    this.random = random;
  }

  static async open(target: Target, owner: number, random: Random, parameters = {}): Promise<SoakSession> {
    const raw = await RawClient.connect(target);
    const protocol = random.chance(0.2) ? PROTOCOL_3_2 : PROTOCOL_3_0;
    raw.send(startupMessage({ user: "postgres", database: "postgres", ...parameters }, protocol));
    const frames = await raw.until("Z");
    const key = frames.find(({ type }) => type === "K")!.body;
    return new SoakSession(target, raw, key, owner, random);
  }

  /** A name that nothing else has. */
  name(prefix: string): string {
    return `${prefix}_${this.owner}_${++this.#names}`;
  }

  /** One request that the primary must do. */
  async ok(...messages: readonly Buffer[]): Promise<Answer> {
    return await this.fails("", ...messages);
  }

  /** One simple Query that the primary must do. */
  async sql(text: string): Promise<Answer> {
    return await this.ok(query(text));
  }

  /** One request that the primary must refuse with this SQLSTATE. */
  async fails(sqlstate: string, ...messages: readonly Buffer[]): Promise<Answer> {
    this.send(...messages);
    return await this.closes(sqlstate);
  }

  /** Requests sent in one go, with the SQLSTATE that each must end with. */
  async pipeline(expected: readonly string[], ...messages: readonly Buffer[]): Promise<Answer[]> {
    this.send(...messages);
    const answers: Answer[] = [];
    for (const sqlstate of expected) answers.push(await this.closes(sqlstate));
    return answers;
  }

  /** Sends a part of a request, or more than one. */
  send(...messages: readonly Buffer[]): void {
    this.#raw.send(...messages);
  }

  /** Reads up to the first frame of this type inside a request. */
  async until(type: string): Promise<Frame[]> {
    return await this.#raw.until(type);
  }

  /** Reads the rest of a request. */
  async closes(sqlstate = ""): Promise<Answer> {
    const frames = await this.#raw.until("Z");
    this.requests++;
    const error = frames.find(({ type }) => type === "E");
    const fields = error === undefined ? {} : errorFields(error);
    const answer = { sqlstate: fields["C"] ?? "", status: frames.at(-1)!.body.toString("latin1"), frames };
    if (answer.sqlstate === sqlstate) return answer;
    throw new Error(`expected "${sqlstate}", the primary said ${fields["C"] ?? "nothing wrong"}: ${fields["M"] ?? ""}`);
  }

  /** Asks the server to cancel what this session runs; returns when the request was taken. */
  async cancel(): Promise<void> {
    const socket = connect(this.#target);
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.end(cancelRequest(this.#key.readInt32BE(0), this.#key.subarray(4)));
    socket.resume();
    await promise;
  }

  /** Leaves in one of the ways in which programs do: politely, killed, in a transaction, without reading the answers. */
  async leave(): Promise<void> {
    const way = this.random.int(6);
    if (way === 0) {
      await this.sql("BEGIN");
      await this.sql(`INSERT INTO journal VALUES (${this.owner}, 'never committed')`);
    } else if (way === 1) {
      this.unanswered = 3;
      this.send(query("BEGIN"), query(`INSERT INTO journal VALUES (${this.owner}, 'never')`), query("SELECT 1"));
    }
    if (this.random.chance(0.5)) {
      this.send(terminate());
      if (this.unanswered === 0) await this.#raw.closed();
    }
    await this.#raw[Symbol.asyncDispose]();
  }
}
