// How the API writes: it asks for an event and hears whether it is in the log. The API owns this interface, the service
// fulfils it.

import type { EventPlace } from "../events/event-place.ts";
import type { NewEvent } from "../events/event.ts";

/** The event is not in the log; the message says why, for the operator. */
export class NotRecordedError extends Error {
  constructor(cause: string) {
    super(cause);
    this.name = "NotRecordedError";
  }
}

export interface EventAppender {
  /** Where the event stands, once it is committed. Rejects with NotRecordedError, after some seconds at the latest. */
  append(event: NewEvent): Promise<EventPlace>;
}
