// Durations as people write them: `30s`, `15m`, `24h`, `7d`, `2w`.

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const UNITS = new Map(Object.entries(UNIT_MS));

/** Nothing here lasts longer than a hundred years; larger numbers are typing errors. */
const DURATION_MAX_MS = 36_525 * UNIT_MS.d;

/** What an error message says was expected. */
export const DURATION_EXPECTED = "a duration such as 30s, 15m, 24h, 7d or 2w";

/** Milliseconds of a duration above zero, or null when the text is none. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9][0-9]{0,11})([smhdw])$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * UNITS.get(match[2]!)!;
  return ms <= DURATION_MAX_MS ? ms : null;
}

/** The shortest usual way to write whole seconds: `24h` rather than `1d`, `30d`, `2w`. Parses back to the same number. */
export function formatDuration(ms: number): string {
  if (ms % (2 * UNIT_MS.w) === 0) return `${ms / UNIT_MS.w}w`;
  if (ms % UNIT_MS.d === 0 && ms > UNIT_MS.d) return `${ms / UNIT_MS.d}d`;
  for (const unit of ["h", "m"] as const) {
    if (ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`;
  }
  return `${ms / UNIT_MS.s}s`;
}
