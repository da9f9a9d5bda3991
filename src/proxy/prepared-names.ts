// What the names of prepared statements mean in one session of one server. It follows the requests by what the server
// answered, message by message, so a Close behind an error forgets nothing and a Parse that was refused defines nothing.
// One of these is the client's session on the primary, another the same session on a mirror.

import type { PreparedStatement } from "./prepared-statement.ts";
import type { Request } from "./request.ts";
import { type Progress, type SessionOp, statementsDone } from "./session-op.ts";
import type { NameOp } from "./statement-class.ts";

/** Bytes of frames that are kept per session; statements beyond are known by name only. */
const BYTES_MAX = 16 << 20;
/** Names that are kept per session; beyond, the oldest is forgotten. */
const NAMES_MAX = 10_000;

/** A statement; null: the name means nothing; undefined: it may mean something that was forgotten here. */
export type Meaning = PreparedStatement | null | undefined;

/** What a name that a request mentions means before it. */
export interface Need {
  readonly name: string;
  readonly meaning: Meaning;
  /** It is only deallocated: that there is one matters, not which. */
  readonly isForgotten: boolean;
}

interface Mention {
  readonly name: string;
  /** What it meant before matters. */
  readonly needed: boolean;
  readonly isForgotten: boolean;
}

export class PreparedNames {
  readonly #byName = new Map<string, PreparedStatement>();
  #bytes = 0;
  /** Names were forgotten for want of room. */
  #gaps = false;

  find(name: string): Meaning {
    return this.#byName.get(name) ?? (this.#gaps ? undefined : null);
  }

  define(prepared: PreparedStatement): void {
    this.forget(prepared.name);
    const kept = this.#bytes + sizeOf(prepared) > BYTES_MAX ? { ...prepared, frame: null } : prepared;
    this.#bytes += sizeOf(kept);
    this.#byName.set(kept.name, kept);
    if (this.#byName.size <= NAMES_MAX) return;
    this.#gaps = true;
    this.forget(this.#byName.keys().next().value!);
  }

  forget(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    this.#bytes -= sizeOf(known);
    this.#byName.delete(name);
  }

  clear(): void {
    this.#byName.clear();
    this.#bytes = 0;
    this.#gaps = false;
  }

  /** More happened than could be followed: any name may mean anything. */
  lose(): void {
    this.clear();
    this.#gaps = true;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Makes `name` mean what it means in `other`. */
  take(name: string, other: PreparedNames): void {
    const meaning = other.find(name);
    if (meaning === null || meaning === undefined) this.forget(name);
    else if (this.find(name)?.id !== meaning.id) this.define(meaning);
  }

  /** Makes all names mean what they mean in `other`. */
  takeAll(other: PreparedNames): void {
    this.clear();
    for (const prepared of other.#byName.values()) this.define(prepared);
    this.#gaps = other.#gaps;
  }

  /** What the request needs to find the names that it mentions. */
  needsOf(ops: readonly SessionOp[]): readonly Need[] {
    const needs: Need[] = [];
    const seen = new Set<string>();
    for (const op of ops) {
      for (const { name, needed, isForgotten } of mentionsOf(op)) {
        if (seen.has(name)) continue;
        seen.add(name);
        const meaning = this.find(name);
        // A name that is defined here is taken for a free one when nobody can know.
        if (needed) needs.push({ name, meaning: op.kind === "parse" ? (meaning ?? null) : meaning, isForgotten });
      }
    }
    return needs;
  }

  /** The server has answered a request, completing `before` messages that were sent ahead of its own. */
  follow(request: Request, result: Progress, before = 0): void {
    const steps = result.steps - before;
    if (request.ops !== null) this.apply(request.ops, { steps, commands: result.commands });
    // A Query does away with the unnamed statement (PostgreSQL 18 docs, 54.2.2.1), if the server gets as far as to it.
    if (request.kind === "simple" || (request.hasTail && steps >= request.steps)) this.forget("");
  }

  /** As many of `ops` as the server has done. */
  apply(ops: readonly SessionOp[], progress: Progress): void {
    for (const op of ops) {
      const done = statementsDone(op, progress);
      switch (op.kind) {
        case "parse":
          // The server drops the unnamed statement before it looks at the new one.
          if (op.prepared.name === "" && progress.steps >= op.step) this.forget("");
          if (done > 0) this.define(op.prepared);
          break;
        case "close":
          if (done > 0) this.forget(op.name);
          break;
        case "execute":
          this.#run(op.prepared.statement.class.names, op.prepared.defines, done);
          break;
        case "query":
          this.#run(op.statement.class.names, op.defines, done);
          break;
        case "use":
          break;
      }
    }
  }

  /** Nobody here knows what a PREPARE prepared whose text was cut, or is none. */
  #prepared(prepared: PreparedStatement | undefined): void {
    if (prepared === undefined) this.#gaps = true;
    else this.define(prepared);
  }

  /** DEALLOCATE ALL and DISCARD ALL know nothing of the unnamed statement. */
  #forgetNamed(): void {
    const unnamed = this.find("");
    this.clear();
    if (unnamed !== null && unnamed !== undefined) this.define(unnamed);
  }

  #run(names: readonly NameOp[], defines: readonly PreparedStatement[], commands: number): void {
    let defined = 0;
    for (const op of names) {
      if (op.at >= commands) return;
      if (op.kind === "prepare") this.#prepared(defines[defined++]);
      else if (op.kind === "deallocate") this.forget(op.name);
      else if (op.kind === "forget") this.#forgetNamed();
    }
  }
}

const sizeOf = ({ frame }: PreparedStatement): number => frame?.length ?? 0;

/** The names that an operation mentions. */
function mentionsOf(op: SessionOp): readonly Mention[] {
  switch (op.kind) {
    case "parse":
      // A Parse of a name that is taken is an error, but for the unnamed statement.
      return [{ name: op.prepared.name, needed: op.prepared.name !== "", isForgotten: false }];
    case "use":
      return [{ name: op.name, needed: true, isForgotten: false }];
    case "close":
      return [{ name: op.name, needed: false, isForgotten: true }];
    case "execute":
      return namesOf(op.prepared.statement.class.names);
    case "query":
      return namesOf(op.statement.class.names);
  }
}

function namesOf(names: readonly NameOp[]): readonly Mention[] {
  return names.flatMap((op) => {
    return op.kind === "forget" ? [] : [{ name: op.name, needed: true, isForgotten: op.kind === "deallocate" }];
  });
}
