// What is said about the evidence: people's markers, and the epochs before which it is worthless. They are few and kept for
// as long as the log is, also when retention has removed their events.

import type { Database } from "better-sqlite3";
import type { EventOf, MirrorEvent } from "../events/event.ts";
import type { Fold } from "../events/fold.ts";

export interface MarkerRow {
  readonly seq: number;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  readonly text: string;
  readonly who: string;
}

export interface EpochRow {
  readonly seq: number;
  readonly at: number;
  /** Null: all of them. */
  readonly mirroring: string | null;
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly who: string;
}

/** For `kysely.withTables`. */
export type NoteTables = { marker: MarkerRow; epoch: EpochRow };

class Notes implements Fold {
  readonly name = "notes";
  readonly version = 1;
  readonly rareKinds = ["marked", "epoch_started"] as const;
  readonly tables: readonly [marker: string, epoch: string];
  #new: (EventOf<"marked"> | EventOf<"epoch_started">)[] = [];

  constructor(prefix: string) {
    this.tables = [`${prefix}marker`, `${prefix}epoch`];
  }

  clear(db: Database): void {
    for (const table of this.tables) db.exec(`delete from ${table}`);
    this.#new = [];
  }

  load(): void {
    this.#new = [];
  }

  apply(event: MirrorEvent): void {
    switch (event.kind) {
      case "marked":
      case "epoch_started":
        this.#new.push(event);
        return;
      case "queued":
      case "mirrored":
      case "errored":
      case "dropped":
      case "tallied":
      case "skipped":
      case "run_started":
      case "run_stopped":
      case "observation_changed":
      case "unrecorded":
      case "counters_reset":
      case "mirror_seen":
      case "idled":
        return;
    }
  }

  save(db: Database): void {
    if (this.#new.length === 0) return;
    const [marker, epoch] = this.tables;
    const mark = db.prepare(`insert into ${marker} (seq, at, text, who) values (?, ?, ?, ?)`);
    const start = db.prepare(
      `insert into ${epoch} (seq, at, mirroring, what, before, after, who) values (?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const note of this.#new) {
      const { seq, at, who } = note;
      if (note.kind === "marked") mark.run(seq, at, note.text, who);
      else start.run(seq, at, note.mirroring, note.what, note.before, note.after, who);
    }
    this.#new = [];
  }
}

/** The fold behind GET /markers, and behind the question where evidence begins. */
export function createNotes(prefix = ""): Fold {
  return new Notes(prefix);
}
