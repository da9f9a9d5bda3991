// What of a session's requests a mirroring wants: by who asks (decided once for a session) and by what is asked (decided
// once for a statement and remembered with it).

import type { Level, MirroringConfig, NameFilter } from "../../config/config.ts";
import { normaliseStatement } from "../../events/normalise.ts";
import type { Request } from "../request.ts";
import type { Statement } from "../statement-book.ts";

/** What of a session the filters look at. */
export interface SessionFacts {
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly replication: boolean;
}

/** `wanted` and `unwanted` are about data; `neutral` belongs to whatever stands around it (BEGIN, SAVEPOINT, SET …). */
export type Verdict = "wanted" | "unwanted" | "neutral";

export class StatementFilter {
  readonly #slot: number;
  readonly #level: Level;
  readonly #include: readonly RegExp[];
  readonly #exclude: readonly RegExp[];

  /** `slot` is the index under which statements remember the verdict; no other filter of the thread has it. */
  constructor(slot: number, config: MirroringConfig) {
    this.#slot = slot;
    this.#level = config.level;
    this.#include = config.statements.include.map((pattern) => new RegExp(pattern));
    this.#exclude = config.statements.exclude.map((pattern) => new RegExp(pattern));
  }

  /** Whether it can refuse anything at all. */
  get active(): boolean {
    return this.#level !== "all" || this.#include.length + this.#exclude.length > 0;
  }

  /** `readsOnly`: the mirror must not be written to, whatever the level. */
  judge(request: Request, readsOnly: boolean): Verdict {
    // What a function or an unknown statement does is anybody's guess, so it counts as a write.
    const opaque = request.kind === "function" || request.hasUnknown;
    if (opaque && (readsOnly || !this.#takes("dml"))) return "unwanted";
    let verdict: Verdict = opaque ? "wanted" : "neutral";
    for (const statement of request.statements) {
      const { level } = statement.class;
      if (level === "other") continue;
      if ((readsOnly && level !== "reads") || !this.#takes(level) || !this.#matches(statement)) return "unwanted";
      verdict = "wanted";
    }
    return verdict;
  }

  #takes(level: "reads" | "dml" | "ddl"): boolean {
    switch (this.#level) {
      case "all":
        return true;
      case "reads":
        return level === "reads";
      case "dml":
        return level !== "ddl";
      case "ddl":
        return level === "ddl";
    }
  }

  #matches(statement: Statement): boolean {
    const known = statement.matches[this.#slot];
    if (known !== undefined) return known;
    const text = normaliseStatement(statement.text);
    const included = this.#include.length === 0 || this.#include.some((pattern) => pattern.test(text));
    const matches = included && !this.#exclude.some((pattern) => pattern.test(text));
    statement.matches[this.#slot] = matches;
    return matches;
  }
}

/** Whether nothing of the session is wanted because of who it is. */
export function excludesSession(config: MirroringConfig, facts: SessionFacts): boolean {
  return (
    refuses(config.users, facts.user) ||
    refuses(config.databases, facts.database) ||
    refuses(config.applications, facts.application)
  );
}

function refuses(filter: NameFilter, name: string): boolean {
  return filter.exclude.includes(name) || (filter.include.length > 0 && !filter.include.includes(name));
}
