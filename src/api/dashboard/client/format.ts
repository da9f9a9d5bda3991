// Numbers, lengths and moments as people read them; what is not known is a dash.

const NOTHING = "–";

export const grouped = (count: number): string => Math.round(count).toLocaleString("en-US");

/** `1 error`, `1,204 errors`. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

const UNITS = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** `950`, `12.3k`, `4M`: for the scales of charts. */
export function compact(value: number): string {
  for (const [size, unit] of UNITS) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}

/** As in every report; what is not nothing doesn't look like it. */
export function percent(share: number | null, digits = 2): string {
  if (share === null) return NOTHING;
  if (share === 0) return "0%";
  const least = 10 ** -digits;
  if (share > 0 && share * 100 < least) return `<${least.toFixed(digits)}%`;
  return `${(share * 100).toFixed(digits)}%`;
}

/** Never rounded up to all of it. */
export const percentDown = (share: number): string =>
  `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(share === 1 ? 0 : 1)}%`;

/** `0.42 ms`, `12.5 ms`, `320 ms`, `1.25 s`. */
export function ms(value: number | null): string {
  if (value === null) return NOTHING;
  if (value >= 1000) return `${(value / 1000).toFixed(value >= 10_000 ? 1 : 2)} s`;
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ms`;
}

export const ratio = (value: number | null): string => (value === null ? NOTHING : `${value.toFixed(2)} ×`);

/** Two figures of it: `26 h 12 min`, `3 d 4 h`, `45 s`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return seconds > 0 ? "under 1 s" : "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** Binary units, as memory is counted. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 ** 2 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 ** 2).toFixed(1)} MiB`;
}

const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const MINUTE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const ZONE = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

const dateOf = (moment: string | number): Date => new Date(typeof moment === "number" ? moment * 1000 : moment);

/** `21 Nov, 15:04:05`, in the browser's time zone. RFC 3339, or seconds since the Unix epoch. */
export const moment = (at: string | number): string => MOMENT.format(dateOf(at));
export const minute = (at: string | number): string => MINUTE.format(dateOf(at));
export const clock = (at: string | number): string => CLOCK.format(dateOf(at));

/** The name of the browser's time zone. */
export const zone = (): string =>
  ZONE.formatToParts(new Date()).find(({ type }) => type === "timeZoneName")?.value ?? "local time";

/** `2 h`, `10 min`, `30 s`: the length of a point of a chart. */
export function step(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** `mirror_down` as words. */
export const words = (name: string): string => name.replaceAll("_", " ");
