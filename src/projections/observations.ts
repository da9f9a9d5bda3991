// The observation ledger: what each mirroring was doing, without holes from its first run on, and the spans in which
// nobody was watching. A span of the second kind is known only when it is over, so it is kept beside the states and laid
// over them when they are read (timeline.ts); nothing that was written is ever changed.

import type { Database } from "better-sqlite3";
import type { EventOf, MirrorEvent } from "../events/event.ts";
import type { Fold } from "../events/fold.ts";
import type { MirrorState, ObservationGapRow, ObservationRow, RowState } from "./observation-rows.ts";

/** Whether the run has the mirroring, and records what it does. */
type Standing = "running" | "stopped" | "not_configured" | "disabled";

interface Watched {
  readonly from: number;
  readonly standing: Standing;
  readonly isPaused: boolean;
  readonly mirror: MirrorState;
}

function stateOf({ standing, isPaused, mirror }: Watched): RowState {
  if (standing !== "running") return standing;
  return isPaused ? "paused" : mirror;
}

function standingOf(state: RowState): Standing {
  switch (state) {
    case "stopped":
    case "not_configured":
    case "disabled":
      return state;
    case "observing":
    case "degraded":
    case "paused":
    case "mirror_down":
      return "running";
  }
}

/** A loss whose size is known is a loss; every other leaves a span of which nothing can be said. */
function leavesGap({ cause, lane, requests, from, to }: EventOf<"unrecorded">): boolean {
  return from < to && (cause !== "ring_full" || lane === null || requests === null);
}

class ObservationLedger implements Fold {
  readonly name = "observations";
  readonly version = 1;
  readonly rareKinds = ["run_started", "run_stopped", "observation_changed", "unrecorded"] as const;
  readonly tables: readonly [observation: string, gap: string];
  readonly #watched = new Map<string, Watched>();
  readonly #touched = new Set<string>();
  #closed: ObservationRow[] = [];
  #gaps: ObservationGapRow[] = [];

  constructor(prefix: string) {
    this.tables = [`${prefix}observation`, `${prefix}observation_gap`];
  }

  clear(db: Database): void {
    for (const table of this.tables) db.exec(`delete from ${table}`);
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    const open = db.prepare<[], ObservationRow>(
      `select mirroring, from_us, to_us, state, mirror from ${this.tables[0]} where to_us is null`,
    );
    for (const { mirroring, from_us: from, state, mirror } of open.iterate()) {
      this.#watched.set(mirroring, { from, standing: standingOf(state), isPaused: state === "paused", mirror });
    }
  }

  apply(event: MirrorEvent): void {
    switch (event.kind) {
      case "run_started":
        this.#startRun(event);
        return;
      case "run_stopped":
        for (const [mirroring, watched] of this.#watched) {
          if (watched.standing !== "not_configured") this.#change(mirroring, event.at, { standing: "stopped" });
        }
        return;
      case "observation_changed":
        this.#observe(event);
        return;
      case "unrecorded":
        if (!leavesGap(event)) return;
        this.#gaps.push({ seq: event.seq, from_us: event.from, to_us: event.to, cause: event.cause });
        return;
      case "queued":
      case "mirrored":
      case "errored":
      case "dropped":
      case "tallied":
      case "skipped":
      case "epoch_started":
      case "marked":
      case "counters_reset":
      case "mirror_seen":
      case "idled":
        return;
    }
  }

  save(db: Database): void {
    const [observation, gap] = this.tables;
    if (this.#closed.length > 0 || this.#touched.size > 0) {
      const upsert = db.prepare(
        `insert or replace into ${observation} (mirroring, from_us, to_us, state, mirror) values (?, ?, ?, ?, ?)`,
      );
      for (const row of this.#closed) upsert.run(row.mirroring, row.from_us, row.to_us, row.state, row.mirror);
      for (const mirroring of this.#touched) {
        const watched = this.#watched.get(mirroring)!;
        upsert.run(mirroring, watched.from, null, stateOf(watched), watched.mirror);
      }
    }
    if (this.#gaps.length > 0) {
      const insert = db.prepare(`insert or replace into ${gap} (seq, from_us, to_us, cause) values (?, ?, ?, ?)`);
      for (const { seq, from_us: from, to_us: to, cause } of this.#gaps) insert.run(seq, from, to, cause);
    }
    this.#closed = [];
    this.#touched.clear();
    this.#gaps = [];
  }

  #startRun({ at, mirrorings, metricsEnabled }: EventOf<"run_started">): void {
    const names = new Set(mirrorings.map(({ name }) => name));
    for (const mirroring of this.#watched.keys()) {
      if (!names.has(mirroring)) this.#change(mirroring, at, { standing: "not_configured" });
    }
    const standing = metricsEnabled ? "running" : "disabled";
    for (const name of names) this.#change(name, at, { standing, isPaused: false, mirror: "observing" });
  }

  #observe({ at, mirroring, state }: EventOf<"observation_changed">): void {
    const watched = this.#watched.get(mirroring);
    if (watched !== undefined && watched.standing !== "running") return;
    switch (state) {
      case "paused":
        this.#change(mirroring, at, { isPaused: true });
        return;
      case "resumed":
        this.#change(mirroring, at, { isPaused: false });
        return;
      case "degraded":
        // Errors in a row are no sign of life: a mirror that is down stays so until it was reached.
        if (watched?.mirror !== "mirror_down") this.#change(mirroring, at, { mirror: state });
        return;
      case "observing":
      case "mirror_down":
        this.#change(mirroring, at, { mirror: state });
    }
  }

  #change(mirroring: string, eventAt: number, change: Partial<Watched>): void {
    const before = this.#watched.get(mirroring);
    // Time doesn't go back in a log; a row that began later than it ends would be a second open one.
    const at = Math.max(eventAt, before?.from ?? eventAt);
    const start: Watched = { from: at, standing: "running", isPaused: false, mirror: "observing" };
    const after = { ...(before ?? start), ...change };
    this.#touched.add(mirroring);
    if (before === undefined || stateOf(before) === stateOf(after)) {
      this.#watched.set(mirroring, after);
      return;
    }
    if (before.from < at) {
      const { from, mirror } = before;
      this.#closed.push({ mirroring, from_us: from, to_us: at, state: stateOf(before), mirror });
    }
    this.#watched.set(mirroring, { ...after, from: at });
  }

  #forget(): void {
    this.#watched.clear();
    this.#touched.clear();
    this.#closed = [];
    this.#gaps = [];
  }
}

/** The fold behind GET /observations and every question about observed time. */
export function createObservationLedger(prefix = ""): Fold {
  return new ObservationLedger(prefix);
}
