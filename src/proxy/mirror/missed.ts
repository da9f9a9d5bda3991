// Requests that changed the session, or may yet, and did not run on the mirror: sampled out inside a transaction, filtered
// or dropped. They are followed in the client's order, so that what the primary kept of them can be made up for.

import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";

/** Beyond, the mirror's session is taken for one that lacks something. */
const MISSED_MAX = 1000;

export interface MissedRequest {
  readonly request: Request;
  /** Its frames, when it is small enough to be repeated. */
  readonly command: Buffer | null;
}

export class Missed {
  readonly #waiting: MissedRequest[] = [];
  /** Its end decides about something that was missed in it. */
  #unit: TransactionUnit | null = null;

  /** Notes a request that will not run. False: there are too many, and this one is forgotten. */
  note(missed: MissedRequest): boolean {
    const { request } = missed;
    if (!request.sessionLevel && request.unit !== this.#unit) return true;
    this.#unit = request.unit;
    if (this.#waiting.length >= MISSED_MAX) return false;
    this.#waiting.push(missed);
    return true;
  }

  /** The oldest one, when it was sent before `next`; null stands for the end. */
  headBefore(next: Request | null): MissedRequest | null {
    const head = this.#waiting[0];
    return head !== undefined && (next === null || head.request.id < next.id) ? head : null;
  }

  shift(): MissedRequest | null {
    return this.#waiting.shift() ?? null;
  }
}
