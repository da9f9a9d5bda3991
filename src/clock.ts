// Two clocks in one: durations come from the monotonic clock, moments from the wall clock.
// A jump of the wall clock moves later events, never a duration.

export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines only. */
  nowMs(): number;
  /** Wall clock as integer microseconds since the Unix epoch, for events. */
  wallUs(): number;
}

/**
 * The process's clock. Wall time is the monotonic clock plus an offset that is compared with the system's at most
 * every second, so that reading it is cheap and still follows NTP.
 */
export function createClock(): Clock {
  let offsetMs = Date.now() - performance.now();
  let checkedMs = performance.now();
  return {
    nowMs: () => performance.now(),
    wallUs: () => {
      const nowMs = performance.now();
      if (nowMs - checkedMs > 1000) {
        checkedMs = nowMs;
        const systemOffsetMs = Date.now() - nowMs;
        // Date.now() has a resolution of 1 ms: smaller differences are rounding, not drift.
        if (Math.abs(systemOffsetMs - offsetMs) > 2) offsetMs = systemOffsetMs;
      }
      return Math.round((offsetMs + nowMs) * 1000);
    },
  };
}
