// How large an error rate may really be, given what was seen: the one-sided 95 % upper bound. No error in ten requests is
// no proof of one in a hundred.

const Z = 1.645;
/** At zero errors: the rule of three. */
const FLAWLESS = 3;

/**
 * The upper bound of the rate behind `errors` in `requests`: Wilson's, or 3/n at zero errors; null without a request. Never
 * below that of fewer errors, also where n is so small that the two rules disagree.
 */
export function upperBound(errors: number, requests: number): number | null {
  if (requests === 0) return null;
  const flawless = Math.min(1, FLAWLESS / requests);
  if (errors === 0) return flawless;
  const rate = errors / requests;
  const z2 = Z * Z;
  const middle = rate + z2 / (2 * requests);
  const half = Z * Math.sqrt((rate * (1 - rate)) / requests + z2 / (4 * requests * requests));
  return Math.min(1, Math.max(flawless, (middle + half) / (1 + z2 / requests)));
}

/** Larger than any soak. */
const REQUESTS_MAX = 2 ** 50;

/** How many more requests without an error bring the upper bound down to `rate`; null when no number does. */
export function flawlessNeeded(errors: number, requests: number, rate: number): number | null {
  const isEnough = (more: number): boolean => (upperBound(errors, requests + more) ?? Infinity) <= rate;
  if (isEnough(0)) return 0;
  if (!isEnough(REQUESTS_MAX)) return null;
  let [low, high] = [0, REQUESTS_MAX];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
