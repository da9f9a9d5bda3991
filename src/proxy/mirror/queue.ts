// The requests of one session that wait for their turn on a mirror, in the client's order.

import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";
import type { MirrorDestination } from "./destination.ts";
import type { MirrorRequest } from "./mirror-request.ts";

export class MirrorQueue {
  readonly #destination: MirrorDestination;
  readonly #waiting: MirrorRequest[] = [];
  /** A request of this unit was dropped: so is what is still to come of it. */
  #droppedUnit: TransactionUnit | null = null;

  constructor(destination: MirrorDestination) {
    this.#destination = destination;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get head(): MirrorRequest | null {
    return this.#waiting[0] ?? null;
  }

  get all(): readonly MirrorRequest[] {
    return [...this.#waiting];
  }

  /** Whether one more request may wait, as far as its number and its transaction go. */
  hasRoomFor(request: Request): boolean {
    return !this.isDropped(request.unit) && this.#waiting.length < this.#destination.config.queueLength;
  }

  isDropped(unit: TransactionUnit | null): boolean {
    return unit !== null && unit === this.#droppedUnit;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#destination.queueChanged(-this.#waiting.length);
    this.#waiting.length = 0;
  }

  push(mirrored: MirrorRequest): void {
    this.#waiting.push(mirrored);
    this.#destination.queueChanged(1);
  }

  remove(mirrored: MirrorRequest): void {
    const at = this.#waiting.indexOf(mirrored);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#destination.queueChanged(-1);
  }

  /** Drops a unit from here on; returns what waits of it. */
  dropUnit(unit: TransactionUnit): readonly MirrorRequest[] {
    this.#droppedUnit = unit;
    return this.#waiting.filter((waiting) => waiting.request.unit === unit);
  }
}
