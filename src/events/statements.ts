// The dictionary of statements: one normalised text for each fingerprint. Both are made from a text whose literals are
// gone, because PostgreSQL's fingerprint takes the strings of some commands in: that of ALTER ROLE … PASSWORD would tell
// whether a guessed password is right.

import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import { fingerprintSync, loadModule } from "libpg-query";
import { Dictionary } from "./dictionary.ts";
import { neutraliseStatement, normaliseStatement } from "./normalise.ts";

/** Statements that have a name in the log; later ones are statement 0. */
const STATEMENTS_MAX = 5000;
const TEXT_BYTES_MAX = 4096;

/** PostgreSQL's parser is WebAssembly and must be there before the first statement is registered. */
export async function loadStatementParser(): Promise<void> {
  await loadModule();
}

export class StatementDictionary {
  readonly rows: Dictionary;

  constructor(db: Database) {
    this.rows = new Dictionary(db, "statement", ["fingerprint", "text"], ([fingerprint]) => fingerprint!);
  }

  /** The id of the statement that a client sent as `sql`, from 1; 0 when it is empty or the dictionary is full. */
  register(sql: string): number {
    const text = normaliseStatement(sql);
    if (text === "") return 0;
    const fingerprint = fingerprintOf(sql, text);
    const id = this.rows.find(fingerprint);
    if (id !== undefined) return id;
    if (this.rows.size >= STATEMENTS_MAX) return 0;
    return this.rows.add(fingerprint, [fingerprint, cut(text)]);
  }
}

/** PostgreSQL's own (16 hexadecimal digits), or a hash of the normalised text when the parser refuses it. */
function fingerprintOf(sql: string, text: string): string {
  try {
    return fingerprintSync(neutraliseStatement(sql));
  } catch {
    return `text:${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  }
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= TEXT_BYTES_MAX) return text;
  const end = bytes.subarray(0, TEXT_BYTES_MAX - 3).toString();
  return `${end.replace(/\ufffd+$/, "")}…`;
}
