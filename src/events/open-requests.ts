// The requests that were queued and have no outcome yet. After a crash they are the ones to close as interrupted; the
// counts by lane are the "in flight" of the law of conservation.
//
// Writing each of them down as it comes and goes would double the work of the log, and finding them again by reading it
// all would make a start slow. So only those that have been open for long have a row of their own; the young ones are
// read again from the end of the log. The checkpoint has a row for each of them, since behind it no event is left to read.

import type { Database } from "better-sqlite3";
import type { MirrorEvent } from "./event.ts";
import { CHECKPOINT_PREFIX } from "./checkpoint.ts";
import { readPosition } from "./fold-positions.ts";
import type { Fold } from "./fold.ts";
import { LogReader } from "./log-reader.ts";
import { prepared } from "./prepared.ts";

const YOUNG_EVENTS = 50_000;

export interface OpenRequest {
  readonly request: number;
  /** Of its queued event. */
  readonly seq: number;
  readonly lane: number;
  readonly statement: number;
}

export class OpenRequests implements Fold {
  readonly name = "open_requests";
  readonly version = 1;
  readonly tables: readonly [inFlight: string, openRequest: string];
  readonly #youngEvents: number;
  readonly #prefix: string;
  readonly #open = new Map<number, OpenRequest>(); // in the order of their seqs
  readonly #lanes: number[] = []; // requests in flight: ids of lanes are small and dense
  readonly #touched: boolean[] = [];
  #ended: number[] = []; // requests with a row that is to be deleted
  #aged = 0; // requests up to this seq have a row
  #position = 0;

  /** A load reads at most twice `youngEvents` events; with a prefix, none. */
  constructor(youngEvents = YOUNG_EVENTS, prefix = "") {
    this.#youngEvents = youngEvents;
    this.#prefix = prefix;
    this.tables = [`${prefix}in_flight`, `${prefix}open_request`];
  }

  /** Requests in flight, over all lanes. */
  get size(): number {
    return this.#open.size;
  }

  /** Requests in flight by lane; lanes without any are not there. */
  countByLane(): ReadonlyMap<number, number> {
    return new Map(this.#lanes.flatMap((requests, lane) => (requests === 0 ? [] : [[lane, requests] as const])));
  }

  /** The open requests in the order in which they were queued. */
  values(): Iterable<OpenRequest> {
    return this.#open.values();
  }

  /** A run begins with nothing open: what was before it leaves no trace. */
  beginning(db: Database): number {
    return db.prepare<[], number>("select coalesce(max(first_seq) - 1, 0) from run").pluck().get()!;
  }

  clear(db: Database): void {
    for (const table of this.tables) db.exec(`delete from ${table}`);
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    this.#position = readPosition(db, this.name, this.#prefix)?.seq ?? 0;
    this.#aged = this.#agedUpTo(this.#position);
    const [inFlight, openRequest] = this.tables;
    const lanes = db.prepare<[], [number, number]>(`select lane, requests from ${inFlight}`).raw().all();
    // Rows of a checkpoint that has just been restored may be too young to be here.
    db.prepare(`delete from ${openRequest} where seq > ?`).run(this.#aged);
    const checkpoint = readPosition(db, this.name, CHECKPOINT_PREFIX);
    const isKnown = this.#prefix === "" && checkpoint?.version === this.version;
    const isRemoved = isKnown && checkpoint.seq > this.#aged;
    const table = isRemoved ? `main.${CHECKPOINT_PREFIX}open_request` : openRequest;
    const start = isRemoved ? checkpoint.seq : this.#aged;
    const rows = db.prepare<[], OpenRequest>(`select request, seq, lane, statement from ${table} order by seq`).all();
    for (const row of rows) this.#open.set(row.request, row);
    const position = this.#position;
    const fold = (event: MirrorEvent): void => (event.seq > position ? undefined : this.apply(event));
    if (lanes.length > 0) new LogReader(db).scan(start, fold, position - start);
    // Nothing is in flight: what the checkpoint holds open has been closed behind it.
    else this.#open.clear();
    this.#lanes.length = 0;
    this.#touched.length = 0;
    for (const [lane, requests] of lanes) this.#lanes[lane] = requests;
  }

  apply(event: MirrorEvent): void {
    this.#position = event.seq;
    switch (event.kind) {
      case "queued": {
        const { request, seq, lane, statement } = event;
        this.#close(request);
        this.#open.set(request, { request, seq, lane, statement });
        this.#count(lane, 1);
        return;
      }
      case "mirrored":
      case "errored":
        this.#close(event.request);
        return;
      case "dropped":
        if (event.wasQueued) this.#close(event.request);
        return;
      case "run_started":
        // Recovery has closed them before; what it could not know of ends here, since requests are numbered anew.
        for (const request of this.#open.keys()) this.#close(request);
        return;
      case "tallied":
      case "skipped":
      case "run_stopped":
      case "observation_changed":
      case "unrecorded":
      case "epoch_started":
      case "marked":
      case "counters_reset":
      case "mirror_seen":
      case "idled":
        return;
    }
  }

  save(db: Database): void {
    const [inFlight, openRequest] = this.tables;
    const upsert = prepared(db, `insert or replace into ${inFlight} (lane, requests) values (?, ?)`);
    const idle = prepared(db, `delete from ${inFlight} where lane = ?`);
    this.#touched.forEach((_, lane) => {
      const requests = this.#lanes[lane]!;
      if (requests === 0) idle.run(lane);
      else upsert.run(lane, requests);
    });
    this.#touched.length = 0;
    if (this.#ended.length > 0) {
      const remove = prepared(db, `delete from ${openRequest} where request = ?`);
      for (const request of this.#ended) remove.run(request);
      this.#ended = [];
    }
    this.#age(db, this.#agedUpTo(this.#position));
  }

  /** Requests queued up to here have a row. It depends on the position alone, so that a replay makes the same rows. */
  #agedUpTo(position: number): number {
    if (this.#prefix !== "") return position;
    return Math.max(0, (Math.floor(position / this.#youngEvents) - 1) * this.#youngEvents);
  }

  /** Gives a row to each request that has been open for long enough by now. */
  #age(db: Database, boundary: number): void {
    if (boundary <= this.#aged) return;
    const [, table] = this.tables;
    const insert = prepared(db, `insert into ${table} (request, seq, lane, statement) values (?, ?, ?, ?)`);
    for (const { request, seq, lane, statement } of this.#open.values()) {
      if (seq > boundary) break;
      if (seq > this.#aged) insert.run(request, seq, lane, statement);
    }
    this.#aged = boundary;
  }

  #close(request: number): void {
    const open = this.#open.get(request);
    if (open === undefined) return;
    this.#open.delete(request);
    this.#count(open.lane, -1);
    if (open.seq <= this.#aged) this.#ended.push(request);
  }

  #count(lane: number, change: 1 | -1): void {
    this.#lanes[lane] = (this.#lanes[lane] ?? 0) + change;
    this.#touched[lane] = true;
  }

  #forget(): void {
    this.#open.clear();
    this.#lanes.length = 0;
    this.#touched.length = 0;
    this.#ended = [];
    this.#aged = 0;
    this.#position = 0;
  }
}
