// Keeps a mirror's session like the client's as far as settings, objects and prepared transactions go: restores a new
// connection, makes up for requests that did not run on the mirror, and knows when something is lacking all the same.

import type { LockCall } from "../lock-call.ts";
import type { Request } from "../request.ts";
import type { Statement } from "../statement-book.ts";
import { AdvisoryLocks } from "./advisory-locks.ts";
import { Missed, type MissedRequest } from "./missed.ts";
import type { MirrorRequest } from "./mirror-request.ts";
import { commandOf, type Followed, ranAny, type SessionCommand, SessionState } from "./session-state.ts";

/** COMMIT PREPARED and ROLLBACK PREPARED that wait for a connection; beyond, the oldest is given up. */
const OWED_MAX = 100;

export class SessionMemory {
  /** As far as the mirror has come in the client's order. */
  readonly #state = new SessionState();
  readonly #missed = new Missed();
  #owed: SessionCommand[] = [];
  #lacking = false;
  /** Advisory locks of either side, and whether the mirror missed a call that took or let go some. */
  readonly #locks = new AdvisoryLocks();
  readonly #mirrorLocks = new AdvisoryLocks();
  #locksDiffer = false;

  /** The mirror's session may lack something that the client's has: a difference proves nothing. */
  get lacking(): boolean {
    return this.#lacking || this.#locksDiffer;
  }

  /** The connection is a new one: what to send to it, in order; each is a request of its own. */
  renewed(): readonly SessionCommand[] {
    this.#lacking = this.#state.incomplete;
    this.#mirrorLocks.clear();
    this.#locksDiffer = !this.#locks.isFree;
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
    this.#locks.lose();
    this.#lacking = true;
  }

  /** The oldest request that was missed before `next`; null stands for the end. */
  missedBefore(next: Request | null): Request | null {
    return this.#missed.headBefore(next)?.request ?? null;
  }

  /** The oldest request that was missed has been answered by the primary: what to send instead. */
  makeUp(): readonly SessionCommand[] {
    const missed = this.#missed.shift();
    if (missed === null) return [];
    this.#followLocks(missed.request, null);
    return this.#follow(missed.request, missed.command, false);
  }

  /** A request of the mirror's is settled: what to send after it. */
  settled(mirrored: MirrorRequest): readonly SessionCommand[] {
    const { request, command, failure, result } = mirrored;
    const { primary } = request;
    this.#followLocks(request, mirrored);
    const ran = failure === null && (!result.failed || primary.failed) && result.rollbacks <= primary.rollbacks;
    if (failure === null && !result.failed) {
      // The mirror keeps what the primary refused.
      if (primary.failed && request.sessionLevel) this.#lacking = true;
      for (const statement of request.ran()) if (statement.class.forgetsSession) this.#lacking = false;
    }
    return this.#follow(request, command, ran, failure === null && result.failed && !primary.failed);
  }

  /** `mirrored` is null when it did not run on the mirror. */
  #followLocks(request: Request, mirrored: MirrorRequest | null): void {
    const { primary, statements } = request;
    const isLost = mirrored === null || mirrored.failure !== null;
    if (!primary.failed && ranAny(request, ({ forgetsSession }) => forgetsSession)) {
      this.#locks.clear();
      // A call that the mirror may still be in comes before it: the connection is given up for that.
      if (!isLost && !mirrored.result.failed) this.#mirrorLocks.clear();
      this.#locksDiffer = !this.#mirrorLocks.isFree;
      return;
    }
    const call = lockCallOf(statements);
    if (call === null) return;
    this.#locks.follow(call, primary);
    if (!isLost) this.#mirrorLocks.follow(call, mirrored.result);
    // What it was in the middle of may have been done.
    else if (mirrored !== null) this.#mirrorLocks.lose();
    if (isLost) this.#locksDiffer = true;
    if (this.#locks.isFree && this.#mirrorLocks.isFree) this.#locksDiffer = false;
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
  return !request.primary.failed && ranAny(request, ({ finishesPrepared }) => finishesPrepared);
}

/** What a request with these statements does with advisory locks; null: nothing. */
function lockCallOf(statements: readonly Statement[]): LockCall | null {
  let call: LockCall | null = null;
  let others = 0;
  for (const { class: c } of statements) {
    if (c.locks === null) others += c.level === "other" ? 0 : 1;
    else if (call === null) call = c.locks;
    else return "unclear";
  }
  // A BEGIN in front of it gives no rows; the rows of anything else would be taken for its own.
  return call !== null && others > 0 ? "unclear" : call;
}
