// The ledger records of one drain, summed up: one event for each lane and reason, however many publications there were.

import type { EventOf, NewEvent, SkipReason } from "./event.ts";

type LedgerEvent =
  | Omit<EventOf<"tallied">, "seq">
  | Omit<EventOf<"skipped">, "seq">
  | Omit<EventOf<"unrecorded">, "seq">;

export class Ledger {
  readonly #events = new Map<string, LedgerEvent>();

  tally(at: number, lane: number, requests: number): void {
    this.#add(`tallied ${lane}`, { kind: "tallied", at, lane, seen: requests });
  }

  skip(at: number, lane: number, requests: number, reason: SkipReason): void {
    this.#add(`skipped ${lane} ${reason}`, { kind: "skipped", at, lane, reason, count: requests });
  }

  unrecorded(at: number, lane: number, requests: number, cause: "ring_full" | "write_failed"): void {
    this.#add(`unrecorded ${lane} ${cause}`, { kind: "unrecorded", at, lane, from: at, to: at, requests, cause });
  }

  events(): Iterable<NewEvent> {
    return this.#events.values();
  }

  #add(key: string, event: LedgerEvent): void {
    const sum = this.#events.get(key);
    this.#events.set(key, sum === undefined ? event : merge(sum, event));
  }
}

/** Two events of the same kind, lane and reason as one, at the later of their moments. */
function merge(a: LedgerEvent, b: LedgerEvent): LedgerEvent {
  const at = Math.max(a.at, b.at);
  if (a.kind === "tallied" && b.kind === "tallied") return { ...a, at, seen: a.seen + b.seen };
  if (a.kind === "skipped" && b.kind === "skipped") return { ...a, at, count: a.count + b.count };
  if (a.kind !== "unrecorded" || b.kind !== "unrecorded") throw new TypeError(`${a.kind} and ${b.kind} don't add up`);
  const [from, to] = [Math.min(a.from, b.from), Math.max(a.to, b.to)];
  return { ...a, at, from, to, requests: (a.requests ?? 0) + (b.requests ?? 0) };
}
