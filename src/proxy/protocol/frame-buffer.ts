// Gathers the bytes of a login into whole frames, bytes included, for whoever answers them one by one. What comes
// in masses is cut by FrameScanner instead.

const HEADER_BYTES = 5;
const NOTHING = Buffer.alloc(0);

export interface WholeFrame {
  readonly type: number;
  readonly body: Buffer;
  /** Header and body. */
  readonly bytes: Buffer;
}

export class FrameBuffer {
  readonly #lengthMax: number;
  #bytes: Buffer = NOTHING;

  /** `lengthMax` bounds the length field, which includes itself: so much is gathered at most, and what else was in a chunk. */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  add(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** The type of the frame that begins here, as soon as its first byte has come. */
  get type(): number | null {
    return this.#bytes[0] ?? null;
  }

  /** The next frame; null while it is not whole; "invalid" when its length is none that it may have. */
  next(): WholeFrame | "invalid" | null {
    if (this.#bytes.length < HEADER_BYTES) return null;
    const length = this.#bytes.readUInt32BE(1);
    if (length < 4 || length > this.#lengthMax) return "invalid";
    if (this.#bytes.length < length + 1) return null;
    const bytes = this.#bytes.subarray(0, length + 1);
    this.#bytes = this.#bytes.subarray(length + 1);
    return { type: bytes[0]!, body: bytes.subarray(HEADER_BYTES), bytes };
  }

  /** Takes out what is left. */
  rest(): Buffer {
    const rest = this.#bytes;
    this.#bytes = NOTHING;
    return rest;
  }
}
