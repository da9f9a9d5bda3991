// A window of time as questions name it: `30s 15m 24h 7d 2w all`, or from and to. Whether the log reaches that far is the
// business of who answers.

const UNIT_US: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6, w: 604_800e6 };
/** Longer than anybody soaks; what is longer is a typo. */
const LENGTH_US_MAX = 3660 * 86_400e6;

/** `[from, to)` in microseconds since the Unix epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface WindowQuery {
  readonly window?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** A question that names no window; `field` is the parameter that is wrong. */
export class WindowError extends Error {
  readonly field: "window" | "from" | "to";

  constructor(field: "window" | "from" | "to", message: string) {
    super(message);
    this.name = "WindowError";
    this.field = field;
  }
}

/** RFC 3339 with an offset, or Unix seconds, as microseconds. Throws WindowError. */
export function parseMoment(field: "from" | "to", text: string): number {
  const seconds = /^\d{1,11}(?:\.\d{1,6})?$/.test(text) ? Number(text) * 1e6 : Number.NaN;
  const isDate = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text);
  const us = isDate ? dateUs(text) : Math.round(seconds);
  if (Number.isSafeInteger(us) && us >= 0) return us;
  throw new WindowError(field, "expected a moment such as 2026-11-21T10:00:00Z or Unix seconds");
}

/** The window that a question names; `sinceUs` is where `all`, the default, begins. Throws WindowError. */
export function parseWindow(query: WindowQuery, nowUs: number, sinceUs: number): Window {
  const { window, from, to } = query;
  if (window !== undefined && (from !== undefined || to !== undefined)) {
    throw new WindowError("window", "give either window, or from and to");
  }
  if (from !== undefined || to !== undefined) {
    const end = to === undefined ? nowUs : parseMoment("to", to);
    const start = from === undefined ? Math.min(sinceUs, end) : parseMoment("from", from);
    if (start < end) return { from: start, to: end };
    throw new WindowError(from === undefined ? "to" : "from", "the window must end behind its beginning");
  }
  if (window === undefined || window === "all") return { from: Math.min(sinceUs, nowUs), to: nowUs };
  const [, count = "", unit = ""] = /^(\d{1,9})([smhdw])$/.exec(window) ?? [];
  const lengthUs = Number(count) * (UNIT_US[unit] ?? Number.NaN);
  if (lengthUs > 0 && lengthUs <= LENGTH_US_MAX) return { from: nowUs - lengthUs, to: nowUs };
  throw new WindowError("window", "expected a duration such as 30s, 15m, 24h, 7d or 2w, or all");
}

/** Date.parse knows milliseconds only; the digits behind them are added by hand. */
function dateUs(text: string): number {
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? "";
  const wholeMs = Date.parse(text.replace(/\.\d+/, "").replace(" ", "T").toUpperCase());
  return wholeMs * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}
