// How numbers stand in a sentence of the report.

const PERCENT_DIGITS_MAX = 8;

/** `0.024` as `2.40%`. */
export function percent(share: number, digits = 2): string {
  return `${(share * 100).toFixed(digits)}%`;
}

/** Both with as many digits as it takes to tell them apart: `1.0001%` exceeds `1.0000%`. */
export function percents(actual: number, threshold: number): readonly [actual: string, threshold: string] {
  let digits = 2;
  while (digits < PERCENT_DIGITS_MAX && percent(actual, digits) === percent(threshold, digits)) {
    if (actual === threshold) break;
    digits++;
  }
  return [percent(actual, digits), percent(threshold, digits)];
}

/** Cut, never rounded up: what is still missing must not look reached. */
export function hours(seconds: number): string {
  return (Math.floor((seconds / 3600) * 10) / 10).toFixed(1);
}

export function ms(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)} ms`;
}

/** `0.99`: cut too, so that what was missed doesn't vanish. */
export const shareDown = (share: number): string => (Math.floor(share * 100) / 100).toFixed(2);

/** `4,100`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** `about 12 min`: one figure, for people who plan. */
export function about(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 90 * 60) return `about ${Math.ceil(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `about ${Math.ceil(seconds / 3600)} h`;
  return `about ${grouped(Math.ceil(seconds / 86_400))} days`;
}
