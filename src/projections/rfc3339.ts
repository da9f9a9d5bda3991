// Moments as people and programs read them.

/** RFC 3339 in UTC with all six digits of the microseconds, so that it sorts and loses nothing. */
export function formatMoment(us: number): string {
  const milliseconds = Math.floor(us / 1000);
  const rest = String(us - milliseconds * 1000).padStart(3, "0");
  return new Date(milliseconds).toISOString().replace("Z", `${rest}Z`);
}
