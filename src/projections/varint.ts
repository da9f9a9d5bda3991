// Whole numbers of any size up to 2^53 in as few bytes as they need: seven bits a byte, the lowest first.

/** Appends the number, from 0, to the bytes. */
export function appendVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Throws RangeError at the end of the bytes. */
  next(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new RangeError("a number is cut off");
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }
}
