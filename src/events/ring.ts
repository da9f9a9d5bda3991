// The way of an event out of a proxy thread: a single-producer, single-consumer ring of fixed-width records in shared
// memory. Writing never blocks and never allocates; what does not fit is refused before the request is selected.
//
//   proxy thread                                     recorder thread
//   reserve() ─▶ queued() … mirrored() ─▶ publish()  ─▶ read(visit) ─▶ commit ─▶ release()
//
// A request reserves its queued record and its outcome record together, so an outcome always has room. Records become
// visible only by publish(), which the producer calls when its tallies are written too: what the recorder reads in one
// go balances by itself.

/** Kinds of record; the order is private to one process. */
export const RECORD_QUEUED = 1;
export const RECORD_MIRRORED = 2;
export const RECORD_ERRORED = 3;
export const RECORD_DROPPED = 4;
export const RECORD_TALLY = 5;
export const RECORD_SKIP = 6;
export const RECORD_UNRECORDED = 7;

/** Slots kept free for tallies, skips and unrecorded counts, so that the books can always be closed. */
const LEDGER_SLOTS = 2048;

const HEAD = 0; // written by the producer: records published since the start, wraps at 2^32
const TAIL = 1; // written by the consumer: records consumed since the start, wraps at 2^32
/** Written by the consumer before each commit: where the tail will be, and what the log's last seq will be (53 bits). */
const INTENDED_TAIL = 2;
const INTENDED_SEQ_LOW = 3;
const INTENDED_SEQ_HIGH = 4;
const NO_SEQ = -1;
const TWO_32 = 2 ** 32;
const HEADER_BYTES = 64;
const RECORD_BYTES = 64;
const WORDS = RECORD_BYTES / 4;
const DOUBLES = RECORD_BYTES / 8;
const UINT32_MAX = 0xffffffff;

/** One record as the consumer sees it. The object is reused: copy what must outlive the visit. */
export interface RingRecord {
  kind: number;
  /** Wall clock, microseconds since the Unix epoch. */
  at: number;
  request: number;
  /** The thread's own ids; the recorder maps them to those of the log. */
  lane: number;
  statement: number;
  session: number;
  mirrorUs: number;
  primaryUs: number;
  waitUs: number;
  /** queued: bytes; mirrored: rows; tally, skip, unrecorded: requests. */
  amount: number;
  /** mirrored: index of parity; dropped, skip: index of reason; errored: the thread's failure id. */
  code: number;
  /** dropped: 1 when a queued record went before. */
  flag: number;
  /** Request that this outcome is a consequence of, or -1. */
  root: number;
}

/** A run of records that balances by itself, up to `end` and behind the one before it. */
export interface RingPublication {
  readonly end: number;
  /** The times of its records: wall clock of the thread, microseconds. */
  readonly from: number;
  readonly to: number;
}

/** Shared memory for a ring of `slots` records (a power of two, at least twice the ledger's share). */
export function createRingBuffer(slots: number): SharedArrayBuffer {
  if (slots < LEDGER_SLOTS * 2 || (slots & (slots - 1)) !== 0) throw new RangeError(`ring slots: ${slots}`);
  return new SharedArrayBuffer(HEADER_BYTES + slots * RECORD_BYTES);
}

interface RingViews {
  header: Int32Array;
  words: Uint32Array;
  doubles: Float64Array;
  slots: number;
}

function viewsOf(shared: SharedArrayBuffer): RingViews {
  return {
    header: new Int32Array(shared, 0, HEADER_BYTES / 4),
    words: new Uint32Array(shared, HEADER_BYTES),
    doubles: new Float64Array(shared, HEADER_BYTES),
    slots: (shared.byteLength - HEADER_BYTES) / RECORD_BYTES,
  };
}

const clampU32 = (value: number): number => (value > UINT32_MAX ? UINT32_MAX : value < 0 ? 0 : value);

/** The proxy thread's end. */
export class RingProducer {
  readonly #views: RingViews;
  #written = 0; // records written since the start, as an unsigned 32-bit counter
  #reserved = 0; // outcome slots promised to requests in flight

  constructor(shared: SharedArrayBuffer) {
    this.#views = viewsOf(shared);
    this.#written = Atomics.load(this.#views.header, HEAD) >>> 0;
  }

  /** Slots that are neither written nor promised. */
  get free(): number {
    const { header, slots } = this.#views;
    const used = (this.#written - (Atomics.load(header, TAIL) >>> 0)) >>> 0;
    return slots - used - this.#reserved;
  }

  /** Promises room for `records` of one request (2: queued and outcome; 1: outcome alone). False: nothing is promised. */
  reserve(records: 1 | 2): boolean {
    if (this.free < LEDGER_SLOTS + records) return false;
    this.#reserved += records;
    return true;
  }

  /** Whether `records` more ledger records (tally, skip, unrecorded) fit now. */
  hasLedgerRoom(records: number): boolean {
    return this.free >= records;
  }

  writeQueued(at: number, request: number, lane: number, statement: number, session: number, bytes: number): void {
    this.#reserved--;
    this.#write(RECORD_QUEUED, at, request, lane, statement, session, 0, 0, 0, bytes, 0, 0, -1);
  }

  /** `code` is the index of the parity, or the failure's id when the kind is errored. */
  writeOutcome(
    kind: typeof RECORD_MIRRORED | typeof RECORD_ERRORED,
    at: number,
    request: number,
    lane: number,
    statement: number,
    mirrorUs: number,
    primaryUs: number,
    waitUs: number,
    rows: number,
    code: number,
    root: number,
  ): void {
    this.#reserved--;
    this.#write(kind, at, request, lane, statement, 0, mirrorUs, primaryUs, waitUs, rows, code, 0, root);
  }

  writeDropped(at: number, request: number, lane: number, statement: number, reason: number, wasQueued: boolean): void {
    this.#reserved--;
    this.#write(RECORD_DROPPED, at, request, lane, statement, 0, 0, 0, 0, 0, reason, wasQueued ? 1 : 0, -1);
  }

  /** The caller has asked hasLedgerRoom. `code` is the index of the reason when the kind is skip. */
  writeLedger(
    kind: typeof RECORD_TALLY | typeof RECORD_SKIP | typeof RECORD_UNRECORDED,
    at: number,
    lane: number,
    requests: number,
    code: number,
  ): void {
    this.#write(kind, at, 0, lane, 0, 0, 0, 0, 0, requests, code, 0, -1);
  }

  /** Makes everything written so far visible to the consumer. */
  publish(): void {
    Atomics.store(this.#views.header, HEAD, this.#written | 0);
  }

  #write(
    kind: number,
    at: number,
    request: number,
    lane: number,
    statement: number,
    session: number,
    mirrorUs: number,
    primaryUs: number,
    waitUs: number,
    amount: number,
    code: number,
    flag: number,
    root: number,
  ): void {
    const { words, doubles, slots } = this.#views;
    const slot = this.#written & (slots - 1);
    const d = slot * DOUBLES;
    const w = slot * WORDS;
    doubles[d] = at;
    doubles[d + 1] = request;
    doubles[d + 2] = root;
    words[w + 6] = kind;
    words[w + 7] = lane;
    words[w + 8] = statement;
    words[w + 9] = session;
    words[w + 10] = clampU32(mirrorUs);
    words[w + 11] = clampU32(primaryUs);
    words[w + 12] = clampU32(waitUs);
    words[w + 13] = clampU32(amount);
    words[w + 14] = code;
    words[w + 15] = flag;
    this.#written = (this.#written + 1) >>> 0;
  }
}

/** The recorder's end. */
export class RingConsumer {
  readonly #views: RingViews;
  readonly #record: RingRecord = {
    kind: 0,
    at: 0,
    request: 0,
    lane: 0,
    statement: 0,
    session: 0,
    mirrorUs: 0,
    primaryUs: 0,
    waitUs: 0,
    amount: 0,
    code: 0,
    flag: 0,
    root: -1,
  };
  #read: number; // end of what read() has visited, not yet released

  constructor(shared: SharedArrayBuffer) {
    this.#views = viewsOf(shared);
    this.#read = Atomics.load(this.#views.header, TAIL) >>> 0;
  }

  /** The published end of the ring. Take it before draining the message ports: names always travel ahead. */
  published(): number {
    return Atomics.load(this.#views.header, HEAD) >>> 0;
  }

  /**
   * The publications up to `end`, as many as `recordsMax` records hold and one at least. A publication ends behind its
   * tallies, which stand together and share one time. One without tallies is nothing but outcomes, which balance one by
   * one: such a run goes on into the next publication, but for no longer than `spanUs`.
   */
  publications(end: number, recordsMax: number, spanUs: number): RingPublication[] {
    const { words, doubles, slots } = this.#views;
    const count = (end - this.#read) >>> 0;
    const found: RingPublication[] = [];
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let ledgerAt: number | null = null;
    let isSelected = false; // a request was selected, and its tally is still to come
    for (let i = 0; i < count; i++) {
      const slot = (this.#read + i) & (slots - 1);
      const kind = words[slot * WORDS + 6]!;
      const at = doubles[slot * DOUBLES]!;
      const isLedger = kind >= RECORD_TALLY;
      const isEnd = ledgerAt === null ? !isSelected && at - from > spanUs : !isLedger || at !== ledgerAt;
      if (i > recordsMax && found.length > 0) return found;
      if (isEnd) {
        found.push({ end: (this.#read + i) >>> 0, from, to });
        [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      }
      if (at < from) from = at;
      if (at > to) to = at;
      ledgerAt = isLedger ? at : null;
      if (isLedger) isSelected = false;
      else if (kind === RECORD_QUEUED || (kind === RECORD_DROPPED && words[slot * WORDS + 15] === 0)) isSelected = true;
    }
    if (count > 0) found.push({ end, from, to });
    return found;
  }

  /** Visits every record up to `end` (from published()) and returns how many there were. Nothing is freed yet. */
  read(end: number, visit: (record: RingRecord) => void): number {
    const { words, doubles, slots } = this.#views;
    const record = this.#record;
    const count = (end - this.#read) >>> 0;
    for (let i = 0; i < count; i++) {
      const slot = this.#read & (slots - 1);
      const d = slot * DOUBLES;
      const w = slot * WORDS;
      record.at = doubles[d]!;
      record.request = doubles[d + 1]!;
      record.root = doubles[d + 2]!;
      record.kind = words[w + 6]!;
      record.lane = words[w + 7]!;
      record.statement = words[w + 8]!;
      record.session = words[w + 9]!;
      record.mirrorUs = words[w + 10]!;
      record.primaryUs = words[w + 11]!;
      record.waitUs = words[w + 12]!;
      record.amount = words[w + 13]!;
      record.code = words[w + 14]!;
      record.flag = words[w + 15]!;
      visit(record);
      this.#read = (this.#read + 1) >>> 0;
    }
    return count;
  }

  /** Passes over everything up to `end` (from published()) without a look at it. */
  skip(end: number): void {
    this.#read = end;
  }

  /**
   * Notes that what read() has visited will be in the log when its last seq is `seq`: a consumer that comes after this
   * one then knows whether the commit was done.
   */
  intend(seq: number): void {
    const { header } = this.#views;
    Atomics.store(header, INTENDED_SEQ_HIGH, NO_SEQ);
    Atomics.store(header, INTENDED_TAIL, this.#read | 0);
    Atomics.store(header, INTENDED_SEQ_LOW, seq | 0);
    Atomics.store(header, INTENDED_SEQ_HIGH, Math.floor(seq / TWO_32));
  }

  /** Takes over from a consumer that died; `seq` is the log's last seq as it left it. */
  resume(seq: number): void {
    const { header } = this.#views;
    const isCommitted =
      Atomics.load(header, INTENDED_SEQ_LOW) === (seq | 0) &&
      Atomics.load(header, INTENDED_SEQ_HIGH) === Math.floor(seq / TWO_32);
    if (isCommitted) Atomics.store(header, TAIL, Atomics.load(header, INTENDED_TAIL));
    this.rewind();
  }

  /** Frees what read() has visited: call it when the batch is committed. */
  release(): void {
    Atomics.store(this.#views.header, TAIL, this.#read | 0);
  }

  /** Forgets what read() has visited since the last release, so that the next read visits it again. */
  rewind(): void {
    this.#read = Atomics.load(this.#views.header, TAIL) >>> 0;
  }
}
