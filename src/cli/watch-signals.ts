// SIGINT and SIGTERM as a request to end well, for commands that have something to put away.

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Disposing of it gives the process its defaults back. */
export function watchSignals(): { readonly stop: AbortSignal } & Disposable {
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
