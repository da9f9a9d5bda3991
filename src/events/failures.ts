// The dictionary of failures: what an errored event says beside its figures. Messages come redacted, but a server can
// word them as it likes, so both their number and their length are bounded.

import type { Database } from "better-sqlite3";
import { z } from "zod";
import { PgsoakError } from "../errors.ts";
import { Dictionary } from "./dictionary.ts";
import { type Attribution, ATTRIBUTIONS, ERROR_CATEGORIES, type ErrorCategory } from "./event.ts";

/** Failures that keep their words; later ones keep category, attribution and SQLSTATE only. */
const FAILURES_MAX = 10_000;
const MESSAGE_CHARACTERS_MAX = 1000;

export interface Failure {
  readonly category: ErrorCategory;
  readonly attribution: Attribution;
  /** Five characters, or "". */
  readonly sqlstate: string;
  readonly message: string;
}

const keyOf = (values: readonly string[]): string => values.join("\0");
const valuesOf = ({ category, attribution, sqlstate, message }: Failure): string[] => {
  return [category, attribution, sqlstate, message];
};

const failureSchema = z.object({
  category: z.enum(ERROR_CATEGORIES),
  attribution: z.enum(ATTRIBUTIONS),
  sqlstate: z.string(),
  message: z.string(),
});

export class FailureDictionary {
  readonly rows: Dictionary;

  constructor(db: Database) {
    this.rows = new Dictionary(db, "failure", ["category", "attribution", "sqlstate", "message"], keyOf);
  }

  /** The id of the failure, from 1. */
  register(failure: Failure): number {
    const values = valuesOf(this.kept(failure));
    return this.rows.find(keyOf(values)) ?? this.rows.add(keyOf(values), values);
  }

  /** What the log keeps of it. */
  kept(failure: Failure): Failure {
    const { category, attribution, sqlstate } = failure;
    // Half a character is stored as U+FFFD: as it stands it would pass for another message, which the table refuses.
    const message = failure.message.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed();
    const kept = { category, attribution, sqlstate, message };
    if (this.rows.size < FAILURES_MAX || this.rows.find(keyOf(valuesOf(kept))) !== undefined) return kept;
    return { ...kept, message: "" };
  }
}

/** Reads failures back by id; each is fetched once. Throws log_newer or log_damaged for one that makes no sense. */
export function createFailureLookup(db: Database): (id: number, seq: number) => Failure {
  const select = db.prepare("select category, attribution, sqlstate, message from failure where id = ?");
  const cache = new Map<number, Failure>();
  return (id, seq) => {
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    const row = select.get(id);
    if (row === undefined)
      throw new PgsoakError("log_damaged", `Event ${seq} names failure ${id}, which the log lacks.`);
    const parsed = failureSchema.safeParse(row);
    if (!parsed.success) {
      throw new PgsoakError("log_newer", `Event ${seq} has a failure of an unknown kind: a newer pgsoak wrote it.`);
    }
    cache.set(id, parsed.data);
    return parsed.data;
  };
}
