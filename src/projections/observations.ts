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

/** What a ring lost it lost before it was published, which is so soon that all of it may be told as one instant. */
const LOSS_US_MIN = 5000;
/** A ring that overflows again within this time is one gap, so that one which never keeps up is few rows. */
const AGAIN_US = 1_000_000;

function gapOf({ seq, cause, from, to }: EventOf<"unrecorded">): ObservationGapRow | null {
  if (cause === "ring_full") return { seq, from_us: Math.min(from, to - LOSS_US_MIN), to_us: to, cause };
  return from < to ? { seq, from_us: from, to_us: to, cause } : null;
}

class ObservationLedger implements Fold {
  readonly name = "observations";
  readonly version = 3;
  readonly rareKinds = ["run_started", "run_stopped", "observation_changed", "unrecorded"] as const;
  readonly tables: readonly [observation: string, gap: string];
  readonly #watched = new Map<string, Watched>();
  readonly #touched = new Set<string>();
  #closed: ObservationRow[] = [];
  readonly #gaps = new Map<number, ObservationGapRow>();
  /** The last gap that a ring has left, which may go on. */
  #overflow: ObservationGapRow | null = null;

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
    const overflow = db.prepare<[], ObservationGapRow>(
      `select seq, from_us, to_us, cause from ${this.tables[1]} where cause = 'ring_full' order by seq desc limit 1`,
    );
    this.#overflow = overflow.get() ?? null;
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
        this.#lose(gapOf(event));
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
    if (this.#gaps.size > 0) {
      const insert = db.prepare(`insert or replace into ${gap} (seq, from_us, to_us, cause) values (?, ?, ?, ?)`);
      for (const { seq, from_us: from, to_us: to, cause } of this.#gaps.values()) insert.run(seq, from, to, cause);
    }
    this.#closed = [];
    this.#touched.clear();
    this.#gaps.clear();
  }

  #lose(gap: ObservationGapRow | null): void {
    if (gap === null) return;
    const last = this.#overflow;
    if (gap.cause !== "ring_full") this.#gaps.set(gap.seq, gap);
    else if (last !== null && gap.from_us <= last.to_us + AGAIN_US)
      this.#overflowed({
        ...last,
        from_us: Math.min(last.from_us, gap.from_us),
        to_us: Math.max(last.to_us, gap.to_us),
      });
    else this.#overflowed(gap);
  }

  #overflowed(gap: ObservationGapRow): void {
    this.#overflow = gap;
    this.#gaps.set(gap.seq, gap);
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
      case "recovered":
        if (watched?.mirror === "degraded") this.#change(mirroring, at, { mirror: "observing" });
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
    this.#gaps.clear();
    this.#overflow = null;
  }
}

/** The fold behind GET /observations and every question about observed time. */
export function createObservationLedger(prefix = ""): Fold {
  return new ObservationLedger(prefix);
}
