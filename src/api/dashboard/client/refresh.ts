// When the page asks again: when the log has grown, but so seldom that asking takes a twentieth of the time at most.

const PAUSE_MS_MIN = 2500;
const PAUSE_SPENT = 20;

export interface Refresh {
  /** There is something new. */
  news(): void;
}

/** `ask` never rejects; `mayAsk`: whether somebody looks. */
export function createRefresh(ask: () => Promise<void>, mayAsk: () => boolean): Refresh {
  let isDue = false;
  let isBusy = false;
  let restUntilMs = 0;
  const run = async (): Promise<void> => {
    if (isBusy || !isDue || !mayAsk()) return;
    isBusy = true;
    const waitMs = restUntilMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    isDue = false;
    const beganMs = performance.now();
    if (mayAsk()) await ask();
    const spentMs = performance.now() - beganMs;
    restUntilMs = performance.now() + Math.max(PAUSE_MS_MIN, spentMs * PAUSE_SPENT);
    isBusy = false;
    await run();
  };
  return {
    news: () => {
      isDue = true;
      void run();
    },
  };
}
