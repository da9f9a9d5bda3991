// How the API reads the raw log: by somebody who does it off the main thread, one page at a time. The API owns this
// interface, the service fulfils it.

import type { EventPageQuery } from "../projections/event-page.ts";

/** There are too many questions, or this one took too long. */
export class BusyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BusyError";
  }
}

export interface EventLine {
  readonly seq: number;
  readonly kind: string;
  /** One line, as GET /events has it. */
  readonly json: string;
}

/** See EventPage in projections/event-page.ts. */
export interface EventLines {
  readonly lines: readonly EventLine[];
  readonly next: number | null;
  readonly position: number;
}

export interface EventPages {
  /** Rejects with BusyError, or with what the log has wrong. */
  read(query: EventPageQuery): Promise<EventLines>;
}
