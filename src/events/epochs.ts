// Finds out when older evidence is worthless: what a run or a mirror says about itself is compared with what was said last.
// The first sight of anything is no change, and what is not said is not known to have changed.

import type { Database } from "better-sqlite3";
import type { Facts, NewEvent, RunMirroring } from "./event.ts";
import { factsKey, readKnownFacts, type Scope, scopeOf } from "./known-facts.ts";

/** Databases of one mirroring whose facts are kept; their names come from clients. */
const DATABASES_MAX = 100;
/** Facts of one scope, and characters of each: a mirror may say what it likes. */
const FACTS_MAX = 64;
const CHARACTERS_MAX = 1000;
const WHO = "pgsoak";

export class Epochs {
  // A copy that is ahead of the fold: two threads may say the same before the first is written.
  readonly #known: Map<string, Facts>;

  /** `db` is that of the log. */
  constructor(db: Database) {
    this.#known = readKnownFacts(db);
  }

  /** The epochs that a run begins; they follow its run_started, which carries the settings. */
  ofRun(at: number, mirrorings: readonly RunMirroring[]): NewEvent[] {
    return mirrorings.flatMap(({ name, settings }) => this.#learn(at, name, "settings", settings, settings));
  }

  /** The events for what a mirror says about its server, or (`database` not null) about one database: none when all is known. */
  ofMirror(at: number, mirroring: string, database: string | null, said: Facts): NewEvent[] {
    const scope = scopeOf(database);
    const before = this.#known.get(factsKey(mirroring, scope));
    if (before === undefined && database !== null && this.#databases(mirroring) >= DATABASES_MAX) return [];
    const news = bounded(said, before ?? {});
    if (Object.keys(news).length === 0) return [];
    const seen: NewEvent = { kind: "mirror_seen", at, mirroring, database, facts: news };
    return [seen, ...this.#learn(at, mirroring, scope, news, { ...before, ...news })];
  }

  #learn(at: number, mirroring: string, scope: Scope, said: Facts, all: Facts): NewEvent[] {
    const key = factsKey(mirroring, scope);
    const known = this.#known.get(key) ?? {};
    this.#known.set(key, all);
    const about = { kind: "epoch_started", at, mirroring, who: WHO } as const;
    const prefix = scope.startsWith("database:") ? `${scope.slice("database:".length)}: ` : "";
    return Object.entries(said).flatMap(([name, after]) => {
      const before = Object.hasOwn(known, name) ? known[name] : undefined;
      return before === undefined || before === after ? [] : [{ ...about, what: `${prefix}${name}`, before, after }];
    });
  }

  #databases(mirroring: string): number {
    const prefix = factsKey(mirroring, "database:");
    return [...this.#known.keys()].filter((key) => key.startsWith(prefix)).length;
  }
}

/** What of it is new, cut to the bounds. */
function bounded(said: Facts, known: Facts): Facts {
  let room = FACTS_MAX - Object.keys(known).length;
  const news = Object.entries(said).flatMap(([name, text]) => {
    const value = text.slice(0, CHARACTERS_MAX);
    const isKnown = Object.hasOwn(known, name);
    if ((isKnown && known[name] === value) || name.length > CHARACTERS_MAX || (!isKnown && room-- <= 0)) return [];
    return [[name, value] as const];
  });
  return Object.fromEntries(news);
}
