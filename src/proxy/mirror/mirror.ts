// One mirror of a client's session, as the rest of the thread knows it. Its own code may fail without harm to anybody
// else: whatever is thrown in there, by whichever way it was entered, is a defect of ours and costs this session this
// mirror. What had been selected is dropped, what the client sends from then on is counted as unrecorded.
//
//   tap ──────────────────────────┐
//   the destination's clock ──────┤ enter ─▶ MirrorSession ─▶ queue, link, connection
//   sockets, timers, promises ────┘

import { framesOf } from "../frames-of.ts";
import type { Request } from "../request.ts";
import type { Announced } from "./announced.ts";
import type { MirrorDestination, Swept } from "./destination.ts";
import type { MirrorRequest, MirrorRequestOwner } from "./mirror-request.ts";
import { MirrorSession, type MirrorSessionOptions } from "./session.ts";

/** Does some work of a mirror's, if there still is that mirror. */
export type Enter = (work: () => void) => void;

export class Mirror implements MirrorRequestOwner, Swept {
  /** The thread's id of its mirroring × database. */
  readonly lane: number;
  readonly #destination: MirrorDestination;
  /** Null: lost. */
  #session: MirrorSession | null = null;
  #isInside = false;

  constructor(options: Omit<MirrorSessionOptions, "mirror" | "enter">) {
    this.lane = options.lane;
    this.#destination = options.destination;
    const enter: Enter = (work) => this.#enter(work);
    this.#session = new MirrorSession({ ...options, mirror: this, enter });
  }

  /** Whether the request's bytes may be needed. */
  mayTake(request: Request): boolean {
    let may = false;
    this.#do((session) => (may = session.mayTake(request)));
    return may;
  }

  /** The client has begun a request; it has been counted as seen. */
  announce(announced: Announced): void {
    if (this.#session === null) this.#destination.recording.undecidedAreLost(this.lane);
    else this.#do((session) => session.announce(announced));
  }

  /** The client has left: what is queued still runs, but for a request that it sent only a part of. */
  leave(cut: Request | null): void {
    this.#do((session) => session.leave(cut));
  }

  /** Shutdown's end: what could not finish is given up. */
  abort(): void {
    this.#do((session) => session.abort());
  }

  appended(mirrored: MirrorRequest): void {
    this.#do((session) => session.appended(mirrored));
  }

  overflowed(mirrored: MirrorRequest): void {
    this.#do((session) => session.overflowed(mirrored));
  }

  primarySettled(mirrored: MirrorRequest): void {
    this.#do((session) => session.primarySettled(mirrored));
  }

  cancelled(mirrored: MirrorRequest): void {
    this.#do((session) => session.cancelled(mirrored));
  }

  namesKnown(): void {
    this.#do((session) => session.namesKnown());
  }

  sweep(nowMs: number): void {
    this.#do((session) => session.sweep(nowMs));
  }

  probe(): void {
    this.#do((session) => session.probe());
  }

  #do(work: (session: MirrorSession) => void): void {
    const session = this.#session;
    if (session !== null) this.#enter(() => work(session));
  }

  /** What is entered from inside fails where the outermost does: nothing goes on behind a failure. */
  #enter(work: () => void): void {
    if (this.#session === null) return;
    if (this.#isInside) {
      work();
      return;
    }
    this.#isInside = true;
    try {
      work();
    } catch (error) {
      this.#lose(error, this.#session);
    } finally {
      this.#isInside = false;
    }
  }

  #lose(error: unknown, session: MirrorSession): void {
    this.#session = null;
    this.#destination.sessionLost(framesOf(error));
    session.giveUp();
    this.#destination.recording.undecidedAreLost(this.lane);
  }
}
