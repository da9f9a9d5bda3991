// Cuts a byte stream into frames without copying or changing it: a type byte, then an int32 length that includes itself
// (PostgreSQL 18 docs, 54.2.1). Bytes may come in any chunking; a frame that lies whole in a chunk is handed over in
// place, one that is split is handed over when its last byte has come, with as much of its body as the sink wants.

const HEADER_BYTES = 5;
/** The first room for the body of a split frame, if it is as long as that. */
const COLLECTED_BYTES_MIN = 2048;
const EMPTY = Buffer.alloc(0);

export interface FrameSink {
  /** How many bytes of a split frame's body, from its beginning, should be collected for frame(). */
  wanted(type: number, bodyLength: number): number;
  /**
   * One whole frame has passed. `buffer[start, end)` is its body, or the wanted beginning of it when the frame was
   * split; it is valid during the call only. `bodyLength` is the true length. `next` is the offset in the chunk being
   * scanned just behind the frame.
   */
  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number, next: number): void;
}

/** A length that no frame may have; the stream cannot be followed behind it. */
export interface BadFrame {
  readonly type: number;
  /** The length field as an unsigned number. */
  readonly length: number;
}

export class FrameScanner {
  /** Bounds the length field, which includes itself but not the type byte. A change holds from the next frame on. */
  lengthMax: number;
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerHave = 0;
  #type = 0;
  #bodyLength = 0;
  #left = 0; // bytes of the current body that have not come yet
  #wanted = 0; // how much of the current body is collected
  #collected: Buffer = EMPTY;
  #collectedHave = 0;
  #bad: BadFrame | null = null;

  constructor(sink: FrameSink, lengthMax: number) {
    this.#sink = sink;
    this.lengthMax = lengthMax;
  }

  /** True when the bytes so far end exactly behind a frame. */
  get atBoundary(): boolean {
    return this.#left === 0 && this.#headerHave === 0;
  }

  /** The frame that ended the scan, if any: from there on scan() looks at nothing. */
  get bad(): BadFrame | null {
    return this.#bad;
  }

  /** Scans one chunk. Returns false when a bad frame was met, now or earlier. */
  scan(chunk: Buffer): boolean {
    if (this.#bad !== null) return false;
    const size = chunk.length;
    let at = 0;
    if (this.#headerHave > 0 || this.#left > 0) at = this.#resume(chunk);
    while (at >= 0 && size - at >= HEADER_BYTES) {
      const type = chunk[at]!;
      const length = chunk.readUInt32BE(at + 1);
      if (length < 4 || length > this.lengthMax) return this.#refuse(type, length);
      const end = at + 1 + length;
      if (end <= size) {
        this.#sink.frame(type, chunk, at + HEADER_BYTES, end, length - 4, end);
      } else {
        this.#begin(type, length - 4);
        this.#take(chunk, at + HEADER_BYTES);
      }
      at = end;
    }
    if (at >= 0 && at < size) this.#headerHave = chunk.copy(this.#header, 0, at, size);
    return this.#bad === null;
  }

  /** Goes on with a split header or body. Returns the offset behind it, or -1 when a bad frame was met. */
  #resume(chunk: Buffer): number {
    let at = 0;
    if (this.#headerHave > 0) {
      at = chunk.copy(this.#header, this.#headerHave, 0, HEADER_BYTES - this.#headerHave);
      this.#headerHave += at;
      if (this.#headerHave < HEADER_BYTES) return chunk.length;
      this.#headerHave = 0;
      const length = this.#header.readUInt32BE(1);
      if (length < 4 || length > this.lengthMax) {
        this.#refuse(this.#header[0]!, length);
        return -1;
      }
      this.#begin(this.#header[0]!, length - 4);
    }
    return this.#take(chunk, at);
  }

  #begin(type: number, bodyLength: number): void {
    this.#type = type;
    this.#left = bodyLength;
    this.#bodyLength = bodyLength;
    this.#wanted = Math.min(this.#sink.wanted(type, bodyLength), bodyLength);
    this.#collectedHave = 0;
  }

  /** Takes what the chunk has of the current body from `at` on; returns the offset behind it. */
  #take(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#left, chunk.length - at);
    const kept = Math.min(this.#wanted - this.#collectedHave, taken);
    if (kept > 0) this.#collect(chunk, at, at + kept);
    this.#left -= taken;
    if (this.#left === 0) {
      const body = this.#collected;
      this.#collected = EMPTY;
      this.#sink.frame(this.#type, body, 0, this.#collectedHave, this.#bodyLength, at + taken);
    }
    return at + taken;
  }

  /** Memory follows what has come, not what was announced. */
  #collect(chunk: Buffer, from: number, to: number): void {
    const needed = this.#collectedHave + to - from;
    if (needed > this.#collected.length) {
      const room = Math.max(needed, 2 * this.#collected.length, COLLECTED_BYTES_MIN);
      const grown = Buffer.allocUnsafe(Math.min(room, this.#wanted));
      this.#collected.copy(grown, 0, 0, this.#collectedHave);
      this.#collected = grown;
    }
    this.#collectedHave += chunk.copy(this.#collected, this.#collectedHave, from, to);
  }

  #refuse(type: number, length: number): false {
    this.#bad = { type, length };
    return false;
  }
}
