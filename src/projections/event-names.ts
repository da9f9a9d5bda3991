// The names behind the ids of events: lanes and statements, each read once from the log's dictionaries.

import type { Database } from "better-sqlite3";

interface LaneName {
  readonly mirroring: string;
  readonly database: string;
}

interface StatementName {
  readonly fingerprint: string;
  /** Normalised: no literals, no parameters. */
  readonly text: string;
}

export interface EventNames {
  lane(id: number): LaneName | null;
  /** Null also for 0: not kept. */
  statement(id: number): StatementName | null;
}

/** Names kept in memory at most; beyond it they are read anew. */
const NAMES_MAX = 10_000;

function cached<Name>(read: (id: number) => Name | undefined): (id: number) => Name | null {
  const names = new Map<number, Name>();
  return (id) => {
    const name = names.get(id) ?? read(id);
    if (name === undefined) return null;
    if (names.size >= NAMES_MAX) names.clear();
    names.set(id, name);
    return name;
  };
}

/** `db` is a handle on the log, read-only or not. */
export function createEventNames(db: Database): EventNames {
  const lane = db.prepare<[number], LaneName>("select mirroring, database from lane where id = ?");
  const statement = db.prepare<[number], StatementName>("select fingerprint, text from statement where id = ?");
  return { lane: cached((id) => lane.get(id)), statement: cached((id) => statement.get(id)) };
}
