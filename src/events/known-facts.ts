// What was last said about each mirroring: its settings, by the run that had it, and what its mirror said about itself.
// A fold of the log, so that a change is found across restarts, and found again by a replay.

import type { Database } from "better-sqlite3";
import { z } from "zod";
import type { Facts, MirrorEvent } from "./event.ts";
import type { Fold } from "./fold.ts";

/** Whose facts they are: the mirroring's settings, its server, or one database of the server. */
export type Scope = "settings" | "server" | `database:${string}`;

interface Row {
  readonly mirroring: string;
  readonly scope: string;
  readonly facts: string;
}

const factsSchema = z.record(z.string(), z.string());
/** One text for both. */
export const factsKey = (mirroring: string, scope: Scope): string => `${mirroring}\0${scope}`;

/** The facts by factsKey, as of the last event that the table has seen. */
export function readKnownFacts(db: Database, table = "known_facts"): Map<string, Facts> {
  const rows = db.prepare<[], Row>(`select * from ${table}`).all();
  return new Map(
    rows.map(({ mirroring, scope, facts }) => [`${mirroring}\0${scope}`, factsSchema.parse(JSON.parse(facts))]),
  );
}

/** The scope of what a server says of itself, or (not null) of one of its databases. */
export function scopeOf(database: string | null): Scope {
  return database === null ? "server" : `database:${database}`;
}

export class KnownFacts implements Fold {
  readonly name = "known_facts";
  readonly version = 1;
  readonly isNeededAtStart = true;
  readonly rareKinds = ["run_started", "mirror_seen", "epoch_started"] as const;
  readonly tables: readonly [knownFacts: string];
  readonly #facts = new Map<string, Facts>();
  readonly #touched = new Map<string, readonly [mirroring: string, scope: Scope]>();

  constructor(prefix = "") {
    this.tables = [`${prefix}known_facts`];
  }

  clear(db: Database): void {
    db.exec(`delete from ${this.tables[0]}`);
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    for (const [key, facts] of readKnownFacts(db, this.tables[0])) this.#facts.set(key, facts);
  }

  apply(event: MirrorEvent): void {
    switch (event.kind) {
      case "run_started":
        // All of them anew: a setting that a run doesn't have any more is not remembered.
        for (const { name, settings } of event.mirrorings) this.#set(name, "settings", settings);
        return;
      case "mirror_seen": {
        const scope = scopeOf(event.database);
        this.#set(event.mirroring, scope, { ...this.#facts.get(factsKey(event.mirroring, scope)), ...event.facts });
        return;
      }
      case "epoch_started":
        // A setting that changed during a run, whose run_started has the old one. Of a mirror's facts none has such a name.
        if (event.mirroring !== null) this.#changeSetting(event.mirroring, event.what, event.before, event.after);
        return;
      case "queued":
      case "mirrored":
      case "errored":
      case "dropped":
      case "tallied":
      case "skipped":
      case "run_stopped":
      case "observation_changed":
      case "unrecorded":
      case "marked":
      case "counters_reset":
      case "idled":
        return;
    }
  }

  save(db: Database): void {
    if (this.#touched.size === 0) return;
    const upsert = db.prepare(`insert or replace into ${this.tables[0]} (mirroring, scope, facts) values (?, ?, ?)`);
    for (const [key, [mirroring, scope]] of this.#touched) {
      const facts = Object.entries(this.#facts.get(key)!).sort(([a], [b]) => (a < b ? -1 : 1));
      upsert.run(mirroring, scope, JSON.stringify(Object.fromEntries(facts)));
    }
    this.#touched.clear();
  }

  #changeSetting(mirroring: string, name: string, before: string, after: string): void {
    const settings = this.#facts.get(factsKey(mirroring, "settings"));
    if (settings === undefined || !Object.hasOwn(settings, name) || settings[name] !== before) return;
    this.#set(mirroring, "settings", { ...settings, [name]: after });
  }

  #set(mirroring: string, scope: Scope, facts: Facts): void {
    const key = factsKey(mirroring, scope);
    this.#facts.set(key, facts);
    this.#touched.set(key, [mirroring, scope]);
  }

  #forget(): void {
    this.#facts.clear();
    this.#touched.clear();
  }
}
