// Keeps a mirror's session like the client's as far as settings, objects and prepared transactions go: restores a new
// connection, makes up for requests that did not run on the mirror, and knows when something is lacking all the same.

import type { Request } from "../request.ts";
import { Missed, type MissedRequest } from "./missed.ts";
import type { MirrorRequest } from "./mirror-request.ts";
import { commandOf, type Followed, type SessionCommand, SessionState } from "./session-state.ts";

/** COMMIT PREPARED and ROLLBACK PREPARED that wait for a connection; beyond, the oldest is given up. */
const OWED_MAX = 100;

export class SessionMemory {
  /** As far as the mirror has come in the client's order. */
  readonly #state = new SessionState();
  readonly #missed = new Missed();
  #owed: SessionCommand[] = [];
  #lacking = false;

  /** The mirror's session may lack something that the client's has: a difference proves nothing. */
  get lacking(): boolean {
    return this.#lacking;
  }

  /** The connection is a new one: what to send to it, in order; each is a request of its own. */
  renewed(): readonly SessionCommand[] {
    this.#lacking = this.#state.incomplete;
    return [...this.takeOwed(), ...this.#state.commands];
  }

  /** What is to be sent as soon as there is a connection. */
  takeOwed(): readonly SessionCommand[] {
    const owed = this.#owed;
    if (owed.length > 0) this.#owed = [];
    return owed;
  }

  /** A request will not run: what the primary keeps of it is made up for when the mirror has come as far. */
  miss(missed: MissedRequest): void {
    if (this.#missed.note(missed)) return;
    this.#state.lose();
    this.#lacking = true;
  }

  /** The oldest request that was missed before `next`; null stands for the end. */
  missedBefore(next: Request | null): Request | null {
    return this.#missed.headBefore(next)?.request ?? null;
  }

  /** The oldest request that was missed has been answered by the primary: what to send instead. */
  makeUp(): readonly SessionCommand[] {
    const missed = this.#missed.shift();
    return missed === null ? [] : this.#follow(missed.request, missed.command, false);
  }

  /** A request of the mirror's is settled: what to send after it. */
  settled({ request, command, failure, result }: MirrorRequest): readonly SessionCommand[] {
    const { primary } = request;
    const ran = failure === null && (!result.failed || primary.failed) && result.rollbacks <= primary.rollbacks;
    if (failure === null && !result.failed) {
      // The mirror keeps what the primary refused.
      if (primary.failed && request.sessionLevel) this.#lacking = true;
      for (const statement of request.ran()) if (statement.class.forgetsSession) this.#lacking = false;
    }
    return this.#follow(request, command, ran, failure === null && result.failed && !primary.failed);
  }

  /** `isRefused`: the mirror answered that it won't have it, so what is lacking is its own doing. */
  #follow(request: Request, command: Buffer | null, ran: boolean, isRefused = false): readonly SessionCommand[] {
    const { repeat, lost }: Followed = this.#state.follow(request, command, ran);
    if (lost && !isRefused) this.#lacking = true;
    // Left behind, a prepared transaction would hold its locks for ever.
    const owed = !ran && endsPrepared(request) ? commandOf(request, command) : null;
    if (owed !== null) this.#owed.push(owed);
    if (this.#owed.length > OWED_MAX) this.#owed.shift();
    return repeat;
  }
}

/** The primary has ended a prepared transaction by it. */
function endsPrepared(request: Request): boolean {
  if (request.primary.failed) return false;
  for (const statement of request.ran()) if (statement.class.finishesPrepared) return true;
  return false;
}
