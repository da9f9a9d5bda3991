// A digest over the rows of an answer that does not depend on their order: the sum of the rows' hashes. Equal answers
// have equal digests; different ones differ but for a chance of about 2^-53 for each pair compared.

const FNV_PRIME = 0x01000193;
const HIGH = 0x200000; // 2^21: the high hash's share of the 53 bits
const MODULUS = 2 ** 53;

export class RowDigest {
  /** A row that comes in pieces is hashed over this beginning and its length. */
  static readonly ROW_BYTES_MAX = 1 << 20;

  #sum = 0;
  #rows = 0;

  add(buffer: Buffer, start: number, end: number, bodyLength: number): void {
    const stop = Math.min(end, start + RowDigest.ROW_BYTES_MAX);
    let low = 0x811c9dc5 ^ bodyLength;
    let high = 0x9747b28c;
    for (let at = start; at < stop; at++) {
      const byte = buffer[at]!;
      low = Math.imul(low ^ byte, FNV_PRIME);
      high = Math.imul(high + byte, 0x85ebca6b) ^ (high >>> 15);
    }
    const hash = (low >>> 0) * HIGH + ((high >>> 0) % HIGH);
    this.#sum = this.#sum >= MODULUS - hash ? this.#sum - (MODULUS - hash) : this.#sum + hash;
    this.#rows++;
  }

  equals(other: RowDigest): boolean {
    return this.#rows === other.#rows && this.#sum === other.#sum;
  }
}
