// The dictionary of lanes: one for each mirroring × database, bounded, because database names come from clients.

import type { Database } from "better-sqlite3";
import { Dictionary } from "./dictionary.ts";

/** Databases of one mirroring that have a lane of their own; the rest is `other`. */
const DATABASES_MAX = 100;
const OTHER = "other";

export interface Lane {
  readonly id: number;
  readonly mirroring: string;
  readonly database: string;
}

const keyOf = (mirroring: string, database: string): string => `${mirroring}\0${database}`;

export class LaneDictionary {
  readonly rows: Dictionary;
  readonly #databases = new Map<string, number>();

  constructor(db: Database) {
    this.rows = new Dictionary(db, "lane", ["mirroring", "database"], (values) => values.join("\0"));
    for (const key of this.rows.keys()) this.#count(key.slice(0, key.indexOf("\0")));
  }

  /** The id of the lane, from 1. */
  register(mirroring: string, database: string): number {
    const key = keyOf(mirroring, database);
    const id = this.rows.find(key);
    if (id !== undefined) return id;
    const isFull = (this.#databases.get(mirroring) ?? 0) >= DATABASES_MAX;
    if (isFull && database !== OTHER) return this.register(mirroring, OTHER);
    this.#count(mirroring);
    return this.rows.add(key, [mirroring, database]);
  }

  #count(mirroring: string): void {
    this.#databases.set(mirroring, (this.#databases.get(mirroring) ?? 0) + 1);
  }
}
