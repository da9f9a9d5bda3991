// Waits for a condition, never for a time: asks again at short intervals until the answer is yes.

import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

const INTERVAL_MS = 10;
const TIMEOUT_MS = 10_000;

export interface WaitOptions {
  readonly timeoutMs?: number;
  /** What is waited for, for the error. */
  readonly message?: string;
}

/**
 * Returns the condition's first value that is neither false, null nor undefined (0 and "" count as an answer).
 * A condition that throws isn't met yet. The error at the end shows the last value, or the last error as its cause.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, message = "the condition" }: WaitOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const attempt = await tryOnce(condition);
    if ("value" in attempt && attempt.value !== false && attempt.value !== null && attempt.value !== undefined) {
      return attempt.value;
    }
    if (performance.now() > deadline) {
      const last = "value" in attempt ? `last value: ${inspect(attempt.value)}` : "it threw";
      throw new Error(
        `${message}: not so after ${timeoutMs} ms; ${last}`,
        "error" in attempt ? { cause: attempt.error } : {},
      );
    }
    await sleep(INTERVAL_MS);
  }
}

async function tryOnce<T>(condition: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}
