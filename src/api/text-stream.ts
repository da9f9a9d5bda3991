// A body of text without an end, made of pieces that are asked for one by one: nothing is kept for a slow reader, and one
// that takes nothing for SLOW_MS is cut off. One that may no longer ask hears nothing more either.

const SLOW_MS = 30_000;
/** How often it is looked whether the client's session or token still holds. */
const ALLOWED_MS = 1000;

export interface TextStreamOptions {
  /** Aborted when the stream ends, whoever ends it; the pieces must end then. */
  readonly pieces: (stop: AbortSignal) => AsyncGenerator<string, undefined>;
  readonly end: AbortSignal;
  /** Asked again and again; the stream ends when it no longer is. */
  readonly isAllowed: () => boolean;
  /** Called once, when nothing more will be sent. */
  readonly onEnd: () => void;
  /** Called when the client takes nothing any more; the connection must be closed. */
  readonly onSlow: () => void;
  /** For tests; SLOW_MS when absent. */
  readonly slowMs?: number | undefined;
}

/** The body of the answer. Its end, however it comes, is told to `onEnd`. */
export function createTextStream(options: TextStreamOptions): ReadableStream<Uint8Array> {
  const { end, isAllowed, onEnd, onSlow, slowMs = SLOW_MS } = options;
  const closing = new AbortController();
  const pieces = options.pieces(AbortSignal.any([end, closing.signal]));
  const encoder = new TextEncoder();
  let slow: NodeJS.Timeout | undefined;
  const looking = setInterval(() => {
    if (!isAllowed()) closing.abort();
  }, ALLOWED_MS);
  const finish = (): void => {
    clearTimeout(slow);
    clearInterval(looking);
    closing.abort();
    onEnd();
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    clearTimeout(slow);
    try {
      const { done, value } = await pieces.next();
      if (done === true) {
        finish();
        controller.close();
        return;
      }
      slow = setTimeout(onSlow, slowMs);
      controller.enqueue(encoder.encode(value));
    } catch (error) {
      finish();
      controller.error(error);
    }
  };
  return new ReadableStream({ pull, cancel: finish }, { highWaterMark: 0 });
}
