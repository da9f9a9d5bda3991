// What is known of one lane while a window is read piece by piece: its rollup, and how many requests are in flight
// compared with the beginning of the window.

import type { MirrorEvent } from "../events/event.ts";
import { Rollup, type RollupValue } from "./rollup.ts";
import { NO_LANE } from "./ledger-balance.ts";

export class LaneSpan {
  readonly rollup = new Rollup();
  /** In flight now, compared with the beginning. */
  net = 0;
  #highest = 0;

  /** Adds a stored row, given as lane and the values of ROLLUP_COLUMNS from `values[first]` on. */
  addRow(values: readonly RollupValue[], first: number): void {
    const { counters } = this.rollup;
    const before = counters.selected - counters.mirrored - counters.errored - counters.dropped;
    this.rollup.mergeRow(values, first);
    this.net += counters.selected - counters.mirrored - counters.errored - counters.dropped - before;
  }

  /** Adds an event of the lane. */
  addEvent(event: MirrorEvent): void {
    switch (event.kind) {
      case "queued":
        this.rollup.add(event);
        this.#highest = Math.max(this.#highest, ++this.net);
        return;
      case "mirrored":
      case "errored":
        this.rollup.add(event);
        this.net--;
        return;
      case "dropped":
        this.rollup.add(event);
        if (event.wasQueued) this.net--;
        return;
      case "tallied":
      case "skipped":
        this.rollup.add(event);
        return;
      case "unrecorded":
        this.rollup.counters.unrecorded += event.requests ?? 0;
        return;
      case "run_started":
      case "run_stopped":
      case "observation_changed":
      case "epoch_started":
      case "marked":
      case "counters_reset":
      case "mirror_seen":
      case "idled":
        return;
    }
  }

  /** The span is read; so many requests were in flight at its beginning. */
  finish(inFlightFrom: number): void {
    this.rollup.sawInFlight(inFlightFrom + this.#highest);
  }
}

/** The lane that an event is about; NO_LANE for a loss of an unknown one, null for an event without a lane. */
export function laneOf(event: MirrorEvent): number | null {
  return "lane" in event ? (event.lane ?? NO_LANE) : null;
}
