// The way into a mirror session: decides about each request, and holds back what opens a filtered transaction
// until something in it is wanted.

import type { SkipReason } from "../../events/event.ts";
import type { Announced } from "./announced.ts";
import type { MirrorDestination } from "./destination.ts";
import type { TransactionUnit } from "../transaction.ts";
import type { Selection } from "./selection.ts";

export interface IntakeOwner {
  /** It was selected; the queue may still have no room for it. */
  take(announced: Announced): void;
  /** It was selected, but its transaction can't be mirrored whole any more. */
  refuse(announced: Announced): void;
  /** It will not run on the mirror. */
  missed(announced: Announced): void;
}

export class Intake {
  readonly #destination: MirrorDestination;
  readonly #lane: number;
  readonly #selection: Selection;
  readonly #owner: IntakeOwner;
  /** Opened a filtered transaction in which nothing was wanted so far. */
  readonly #deferred: Announced[] = [];
  /** There was no room for all that opened this one. */
  #cutUnit: TransactionUnit | null = null;

  constructor(destination: MirrorDestination, lane: number, selection: Selection, owner: IntakeOwner) {
    this.#destination = destination;
    this.#lane = lane;
    this.#selection = selection;
    this.#owner = owner;
  }

  announce(announced: Announced): void {
    const { request } = announced;
    if (this.#deferred[0]?.request.unit !== request.unit) this.skipDeferred();
    const decision = this.#selection.decide(request);
    if (decision === "defer") {
      this.#defer(announced);
    } else if (decision === "select" && request.unit === this.#cutUnit) {
      this.#owner.refuse(announced);
    } else if (decision === "select") {
      this.#release((deferred) => this.#owner.take(deferred));
      this.#owner.take(announced);
    } else {
      // The end of a transaction in which nothing was wanted ends what waited in it too.
      if (request.closesTransaction) this.skipDeferred();
      this.#skip(announced, decision);
    }
  }

  /** Nothing in the transaction was wanted. What it changes of the session is made up for, if it is committed. */
  skipDeferred(): void {
    this.#release((deferred) => this.#skip(deferred, "filter"));
  }

  /** What waits is not decided about any more. */
  lose(): void {
    this.#release(() => {});
  }

  /** What there is no room for ends the wait of its whole transaction: whatever is wanted of that later, is dropped. */
  #defer(announced: Announced): void {
    const { request, bytes } = announced;
    const mayWait = request.unit !== this.#cutUnit && !request.overflowed;
    const hasRoom = mayWait && this.#deferred.length < this.#destination.config.queueLength;
    if (hasRoom && this.#destination.budget.take(bytes)) {
      this.#destination.recording.undecided(this.#lane, 1);
      this.#deferred.push(announced);
    } else {
      this.#cutUnit = request.unit;
      this.skipDeferred();
      this.#skip(announced, "filter");
    }
  }

  /** One after the other, so that each is either still waiting or decided about by whoever gets it. */
  #release(decide: (announced: Announced) => void): void {
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) {
      this.#destination.recording.undecided(this.#lane, -1);
      this.#destination.budget.give(next.bytes);
      decide(next);
    }
  }

  #skip(announced: Announced, reason: SkipReason): void {
    this.#destination.recording.skipped(this.#lane, reason);
    this.#owner.missed(announced);
  }
}
