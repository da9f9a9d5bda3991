// A window as people ask for it: a span back from now (`24h`), `all`, or two points in time. What can't be one is refused
// with the field, what it held and what was expected.

const UNIT_US: Readonly<Record<string, number>> = {
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
  w: 604_800_000_000,
};
/** Longer than any log, and far from where whole numbers end. */
const SPAN_MAX_US = 100 * 366 * 86_400_000_000;
/** The end of the year 9999. */
const SECONDS_MAX = 253_402_300_799;
/** What is shown of a value that was refused. */
const SHOWN_CHARACTERS = 60;

/** All events with from <= at < to: microseconds since the Unix epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A field as it came: several values when it was repeated. */
type Given = string | readonly string[] | undefined;

export interface WindowQuery {
  readonly window?: Given;
  readonly from?: Given;
  readonly to?: Given;
}

export interface WindowBounds {
  /** The end of `all` and of spans: the clock, or the end of the log where that is later. */
  readonly now: number;
  /** Where `all` begins; null when there is nothing yet. */
  readonly since: number | null;
}

/** The fields of a window, and those of questions that have more than one or cut it up. */
type Field = keyof WindowQuery | "a" | "b" | "step";

/** One sentence about one field; the API answers 400 with it, the command line exits 64. */
export class WindowError extends Error {
  readonly code = "window_invalid";
  readonly field: Field;
  readonly value: string;
  readonly expected: string;

  constructor(field: Field, value: string, expected: string) {
    const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
    super(`${field} is ${JSON.stringify(shown)}, but must be ${expected}.`);
    this.name = "WindowError";
    this.field = field;
    this.value = shown;
    this.expected = expected;
  }
}

const SPAN = "a length such as 30s, 15m, 24h, 7d or 2w, or all";
const MOMENT = "a moment such as 2026-11-21T08:00:00+01:00 or 1795248000 (Unix seconds)";

/** Without anything in the query the window is `all`. Throws WindowError. */
export function parseWindow(query: WindowQuery, bounds: WindowBounds): Window {
  const window = single("window", query.window);
  const [from, to] = [single("from", query.from), single("to", query.to)];
  const start = bounds.since ?? bounds.now;
  if (from === null && to === null) return windowOf(window ?? "all", bounds.now, start);
  if (window !== null) throw new WindowError("window", window, "absent where from or to is given");
  const parsed = {
    from: from === null ? start : parseMoment("from", from),
    to: to === null ? bounds.now : parseMoment("to", to),
  };
  if (parsed.from < parsed.to) return parsed;
  if (from === null) throw new WindowError("to", to ?? "", "later than the beginning of the log, or with a from");
  throw new WindowError("from", from, to === null ? "in the past" : "earlier than to");
}

function windowOf(text: string, now: number, start: number): Window {
  if (text === "all") return { from: Math.min(start, now), to: now };
  const match = /^(\d{1,12})([smhdw])$/.exec(text);
  const us = match === null ? 0 : Number(match[1]) * UNIT_US[match[2]!]!;
  if (us > SPAN_MAX_US) throw new WindowError("window", text, "at most 100 years");
  if (us === 0) throw new WindowError("window", text, SPAN);
  return { from: now - us, to: now };
}

function single(field: Field, given: Given): string | null {
  if (given === undefined) return null;
  if (typeof given === "string") return given;
  if (given.length <= 1) return given[0] ?? null;
  throw new WindowError(field, given.join(", "), "given once");
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+\- ])(\d\d):(\d\d))$/;

/** RFC 3339 with any offset, or Unix seconds, as microseconds since the Unix epoch. Throws WindowError. */
function parseMoment(field: Field, text: string): number {
  const unix = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (unix !== null && Number(unix[1]) <= SECONDS_MAX) return Number(unix[1]) * 1_000_000 + microseconds(unix[2]);
  const match = RFC3339.exec(text);
  if (match === null) throw new WindowError(field, text, MOMENT);
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const isTime = hour <= 23 && minute <= 59 && second <= 60 && offsetHours <= 23 && offsetMinutes <= 59;
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!isTime || !isDay || year < 1970) throw new WindowError(field, text, MOMENT);
  // A plus that was not escaped in a URL arrives as a space.
  const sign = match[8] === "-" ? -1 : 1;
  const offsetMs = sign * (offsetHours * 60 + offsetMinutes) * 60_000;
  const us = (Date.UTC(year, month - 1, day, hour, minute, second) - offsetMs) * 1000 + microseconds(match[7]);
  // Its offset or its leap second may carry it out of the years that can be written.
  if (us < 0 || us >= (SECONDS_MAX + 1) * 1_000_000) throw new WindowError(field, text, MOMENT);
  return us;
}

/** The digits behind a decimal point; what is finer than a microsecond is cut off. */
function microseconds(fraction: string | undefined): number {
  return Number((fraction ?? "").slice(0, 6).padEnd(6, "0"));
}
