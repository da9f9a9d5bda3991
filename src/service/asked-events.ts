// Events that somebody waits for to be in the log: a note, a reset. Each is answered once, by the recorder, by its death
// or by the clock.

import { NotRecordedError } from "../api/event-appender.ts";
import type { EventPlace } from "../events/event-place.ts";

/** Events that wait for the log's answer, and for how long. */
const ASKED_MAX = 100;
const ASKED_MS = 5000;
const TOO_MANY = "too many are waiting for the log";
const LATE = "the log did not answer in time: look whether it is there before you try again";

export class AskedEvents {
  readonly #waiting = new Map<number, (place: EventPlace | null, cause: string) => void>();
  #lastId = 0;

  /** `send` takes the number by which answer() will be told. Rejects with NotRecordedError. */
  ask(send: (id: number) => void): Promise<EventPlace> {
    if (this.#waiting.size >= ASKED_MAX) return Promise.reject(new NotRecordedError(TOO_MANY));
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<EventPlace>();
    const timer = setTimeout(() => this.answer(id, null, LATE), ASKED_MS);
    this.#waiting.set(id, (place, cause) => {
      clearTimeout(timer);
      if (place === null) reject(new NotRecordedError(cause));
      else resolve(place);
    });
    send(id);
    return promise;
  }

  /** `place` is null when the event is not in the log. */
  answer(id: number, place: EventPlace | null, cause: string): void {
    this.#waiting.get(id)?.(place, cause);
    this.#waiting.delete(id);
  }

  /** Nobody will answer any more. */
  giveUp(cause: string): void {
    for (const id of this.#waiting.keys()) this.answer(id, null, cause);
  }
}
