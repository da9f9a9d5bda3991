// What a mirror session does on its connection for itself, between the client's requests: greets a new connection and
// restores the session on it, rolls back, asks what the mirror is, lets a cancelled request run out.

import { encodeQuery } from "../protocol/encode.ts";
import { FrontendMessage } from "../protocol/message-types.ts";
import type { Expectation } from "./connection.ts";
import type { MirrorDestination } from "./destination.ts";
import type { MirrorLink } from "./link.ts";
import { type OwnRequest, OwnRequests } from "./own-requests.ts";
import { type Result, STATUS_IDLE } from "./result.ts";

/** A request that ran over its time must end within this long after it was cancelled. */
const DRAIN_MS = 2000;

export interface ErrandsOptions {
  readonly destination: MirrorDestination;
  readonly link: MirrorLink;
  readonly database: string;
  /** Something is on its way, and time matters again. */
  readonly onAsked: () => void;
  /** … and it is a Query, which does away with the unnamed statement. */
  readonly onQuery: () => void;
}

export class Errands {
  readonly #o: ErrandsOptions;
  readonly #own = new OwnRequests();

  constructor(options: ErrandsOptions) {
    this.#o = options;
  }

  /** The connection is ours until the next ReadyForQuery. */
  get busy(): boolean {
    return this.#own.busy;
  }

  get expectation(): Expectation {
    return this.#own.expectation;
  }

  /** The connection is a new one: says who it is, and is made like the session by `requests`. */
  greet(requests: readonly OwnRequest[]): void {
    const { destination, database } = this.#o;
    let isGreeted = false;
    this.#own.replace([
      {
        frames: encodeQuery(GREETING_QUERY),
        onRow: ([cause, started]) => {
          if (isGreeted) return;
          isGreeted = true;
          destination.replicaFound(database, cause ?? null);
          destination.facts.started(started ?? "");
        },
        onDone: () => this.askFacts(destination.recording.clock.nowMs()),
      },
      ...requests,
    ]);
  }

  /** Between transactions: sends the next errand. False: there is none. */
  run(nowMs: number): boolean {
    const own = this.#own.shift();
    if (own !== null) this.ask(own, nowMs);
    return own !== null;
  }

  ask(own: OwnRequest, nowMs: number): void {
    const { destination, link } = this.#o;
    this.#own.begin(own, nowMs + Math.max(DRAIN_MS, destination.config.timeoutMs));
    this.#o.onAsked();
    if (own.frames[0] === FrontendMessage.Query) this.#o.onQuery();
    link.write(own.frames);
  }

  rollBack(nowMs: number): void {
    const onDone = ({ status }: Result): void => {
      if (status === STATUS_IDLE) return;
      this.#o.destination.lostRequest(STUCK_IN_TRANSACTION);
      this.#o.link.abandon(STUCK_IN_TRANSACTION);
    };
    this.ask({ frames: encodeQuery("ROLLBACK"), onDone }, nowMs);
  }

  /** Later, in this order, when the mirror is in no transaction. */
  repeat(requests: readonly OwnRequest[]): void {
    for (const request of requests) this.#own.push(request);
  }

  /** Later, when it is time again. Only between transactions: a connection that is in one has no time for it. */
  askFacts(nowMs: number): void {
    const { destination, database } = this.#o;
    if (destination.facts.isDue(database, nowMs)) this.#own.push(destination.facts.ask(database, nowMs));
  }

  /** What the client's last request still answers is nobody's. */
  drain(nowMs: number, onDone: (rest: Result) => void): void {
    this.#own.drain(nowMs + DRAIN_MS, onDone);
  }

  isOverdue(nowMs: number): boolean {
    return this.#own.isOverdue(nowMs);
  }

  wanted(type: number): number {
    return this.#own.wanted(type);
  }

  /** Takes one frame of the answer; the result when it was the last. */
  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): Result | null {
    return this.#own.frame(type, buffer, start, end, bodyLength);
  }

  /** The connection is gone. */
  forget(): void {
    this.#own.forget();
  }
}

/**
 * Fed by replication, physical or logical, the database would apply every write twice; NULL: it is not. And when the
 * server was started and read its settings: after that it may be another one.
 */
const GREETING_QUERY = `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'in recovery'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
    WHERE d.datname = pg_catalog.current_database()) THEN 'has subscriptions' END,
  pg_catalog.concat(pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()), ' ',
    pg_catalog.date_part('epoch', pg_catalog.pg_conf_load_time()))`;

const STUCK_IN_TRANSACTION = "the mirror does not leave its transaction";
