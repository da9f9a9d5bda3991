// The ledger records of one moment, summed up: one event for each lane and reason, however many publications there were.

import type { EventOf, NewEvent, SkipReason } from "./event.ts";

type Sum<K extends NewEvent["kind"]> = { -readonly [P in keyof Omit<EventOf<K>, "seq">]: EventOf<K>[P] };

export class Ledger {
  readonly #from: number;
  readonly #at: number;
  readonly #sums = new Map<string, Sum<"tallied"> | Sum<"skipped"> | Sum<"unrecorded">>();

  /** The moment's beginning and its time, microseconds since the Unix epoch. */
  constructor(from: number, at: number) {
    this.#from = from;
    this.#at = at;
  }

  tally(lane: number, requests: number): void {
    const key = `tallied ${lane}`;
    const sum = this.#sums.get(key);
    if (sum?.kind === "tallied") sum.seen += requests;
    else this.#sums.set(key, { kind: "tallied", at: this.#at, lane, seen: requests });
  }

  skip(lane: number, requests: number, reason: SkipReason): void {
    const key = `skipped ${lane} ${reason}`;
    const sum = this.#sums.get(key);
    if (sum?.kind === "skipped") sum.count += requests;
    else this.#sums.set(key, { kind: "skipped", at: this.#at, lane, reason, count: requests });
  }

  unrecorded(lane: number, requests: number, cause: "ring_full" | "write_failed"): void {
    const [from, at] = [this.#from, this.#at];
    const key = `unrecorded ${lane} ${cause}`;
    const sum = this.#sums.get(key);
    if (sum?.kind === "unrecorded") sum.requests = (sum.requests ?? 0) + requests;
    else this.#sums.set(key, { kind: "unrecorded", at, lane, from, to: at, requests, cause });
  }

  events(): Iterable<NewEvent> {
    return this.#sums.values();
  }
}
