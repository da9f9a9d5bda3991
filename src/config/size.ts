// Sizes as people write them: `20 GB` (powers of ten), `64 MiB` (powers of two), or a bare number of bytes.

/** The largest first. */
const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ["TiB", 2 ** 40],
  ["TB", 1e12],
  ["GiB", 2 ** 30],
  ["GB", 1e9],
  ["MiB", 2 ** 20],
  ["MB", 1e6],
  ["KiB", 2 ** 10],
  ["kB", 1e3],
  ["KB", 1e3],
  ["B", 1],
]);

/** What an error message says was expected. */
export const SIZE_EXPECTED = "a size such as 20 GB or 64 MiB, or a number of bytes";

/** Whole bytes of a size, or null when the text is none. */
export function parseSize(text: string): number | null {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([kKMGT]?i?B)?$/.exec(text);
  if (match === null) return null;
  const unitBytes = UNIT_BYTES.get(match[2] ?? "B");
  if (unitBytes === undefined) return null;
  const bytes = Math.round(Number(match[1]) * unitBytes);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A size in the largest unit that divides it, so that it parses back to the same number. */
export function formatSize(bytes: number): string | number {
  for (const [unit, unitBytes] of UNIT_BYTES) {
    if (unitBytes > 1 && bytes > 0 && bytes % unitBytes === 0) return `${bytes / unitBytes} ${unit}`;
  }
  return bytes;
}
