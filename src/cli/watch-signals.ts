// SIGINT and SIGTERM as a request to end well, for commands that take their time or have something to put away.

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface WatchedSignals extends Disposable {
  readonly stop: AbortSignal;
}

/** Disposing of it gives the process its defaults back. Signals are told in a turn of the event loop of their own. */
export function watchSignals(): WatchedSignals {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  for (const signal of SIGNALS) process.on(signal, end);
  return {
    stop: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, end);
    },
  };
}
