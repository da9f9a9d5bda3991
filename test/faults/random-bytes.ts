// Bytes that look like nothing, but the same ones in every run.

/** `length` pseudo-random bytes, the same for the same seed (xorshift32). */
export function randomBytesOf(seed: number, length: number): Buffer {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    }),
  );
}
