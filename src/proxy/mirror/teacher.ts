// Sees to it that a mirror connection finds the prepared statements that a request mentions as the primary finds them: a
// missing one is prepared first, one that the client has long forgotten is closed. Parse and Close messages stand in front
// of an extended request; what a Query needs, or a PREPARE defines, is asked of the mirror before it.

import { encodeClose, encodeParse, encodeSync } from "../protocol/encode.ts";
import { type Meaning, type Need, PreparedNames } from "../prepared-names.ts";
import type { PreparedStatement } from "../prepared-statement.ts";
import type { Request } from "../request.ts";
import type { Progress, SessionOp } from "../session-op.ts";
import type { OwnRequest } from "./own-requests.ts";
import type { Result } from "./result.ts";
import type { SessionCommand } from "./session-state.ts";

/** What stands in front of a request's own messages. */
export interface Prelude {
  readonly frames: readonly Buffer[];
  readonly ops: readonly SessionOp[];
}

/** Run it with this prelude, ask something first, or give it up: a statement that it needs was not kept. */
export type Lesson =
  | { readonly kind: "run"; readonly prelude: Prelude }
  | { readonly kind: "ask"; readonly own: OwnRequest }
  | { readonly kind: "missing" }
  /** The connection knows more names than are followed: another is needed. */
  | { readonly kind: "renew" };

/** The id of what no request means: should it outlive its DEALLOCATE, it is replaced before its name is used. */
const STAND_IN = 0;
const NOTHING: Prelude = { frames: [], ops: [] };
const RUN: Lesson = { kind: "run", prelude: NOTHING };
const MISSING: Lesson = { kind: "missing" };
const RENEW: Lesson = { kind: "renew" };
/** Names that the client forgot while the mirror was not there stay known to it until they are mentioned again. */
const NAMES_MAX = 9000;

export class Teacher {
  /** What the names mean to this connection. */
  readonly #known = new PreparedNames();

  /** What the request needs next. `taught` hears how the mirror took what is asked of it first. */
  lesson(request: Pick<Request, "kind" | "needs">, taught: (result: Result) => void): Lesson {
    if (this.#known.size > NAMES_MAX) return RENEW;
    const closed: string[] = [];
    const parsed: PreparedStatement[] = [];
    const queried: PreparedStatement[] = [];
    for (const need of request.needs ?? []) {
      if (this.#isMet(need)) continue;
      const { name, isForgotten } = need;
      const meaning = isForgotten ? standInFor(need) : need.meaning;
      if (meaning === undefined || meaning?.frame === null) return MISSING;
      if (this.#known.find(name) !== null) closed.push(name);
      if (meaning !== null) (meaning.by === "parse" ? parsed : queried).push(meaning);
    }
    const prelude = preludeOf(closed, parsed);
    if (queried.length === 0 && (prelude === NOTHING || request.kind === "extended")) {
      return prelude === NOTHING ? RUN : { kind: "run", prelude };
    }
    return { kind: "ask", own: prelude === NOTHING ? this.#define(queried[0]!, taught) : this.#ask(prelude, taught) };
  }

  /** The mirror has answered a request that had this prelude. */
  answered(request: Request, { ops }: Prelude, result: Progress): void {
    this.#known.apply(ops, result);
    this.#known.follow(request, result, ops.length);
  }

  /** A command that changed the session once, to be sent again: whatever names it defines are free before. */
  repeat({ kind, frames, ops, needs }: SessionCommand): readonly OwnRequest[] {
    const lesson = this.lesson({ kind, needs }, () => {});
    const closed = definedBy(ops).filter((name) => this.#known.find(name) !== null);
    const prelude = lesson.kind === "run" ? lesson.prelude : NOTHING;
    const own: OwnRequest = {
      frames: Buffer.concat([...prelude.frames, frames]),
      onDone: (result) => {
        this.#known.apply(prelude.ops, result);
        this.#known.apply(ops, { steps: result.steps - prelude.ops.length, commands: result.commands });
      },
    };
    if (closed.length === 0) return [own];
    return [this.#ask(preludeOf(closed, []), () => {}), own];
  }

  /** A Query of our own is on its way. */
  queried(): void {
    this.#known.forget("");
  }

  /** The connection is a new one. */
  clear(): void {
    this.#known.clear();
  }

  #isMet({ name, meaning, isForgotten }: Need): boolean {
    const known = this.#known.find(name);
    if (meaning === null) return known === null;
    return known !== null && known !== undefined && (meaning === undefined || isForgotten || known.id === meaning.id);
  }

  #ask({ frames, ops }: Prelude, taught: (result: Result) => void): OwnRequest {
    return {
      frames: Buffer.concat([...frames, encodeSync()]),
      onDone: (result) => {
        this.#known.apply(ops, result);
        taught(result);
      },
    };
  }

  #define(prepared: PreparedStatement, taught: (result: Result) => void): OwnRequest {
    return {
      frames: prepared.frame!,
      onDone: (result) => {
        if (!result.failed) this.#known.define(prepared);
        taught(result);
      },
    };
  }
}

/** Any statement will do for one that is deallocated: the client's own may not be prepared any more. */
function standInFor({ name, meaning }: Need): Meaning {
  if (meaning === null || meaning === undefined) return meaning;
  return { ...meaning, id: STAND_IN, by: "parse", frame: encodeParse(name, "SELECT 1", []) };
}

/** The names that a request defines, but for the unnamed statement, which gives way by itself. */
function definedBy(ops: readonly SessionOp[]): readonly string[] {
  return ops.flatMap((op) => {
    if (op.kind === "parse") return op.prepared.name === "" ? [] : [op.prepared.name];
    return op.kind === "query" ? op.defines.map(({ name }) => name) : [];
  });
}

function preludeOf(closed: readonly string[], parsed: readonly PreparedStatement[]): Prelude {
  if (closed.length === 0 && parsed.length === 0) return NOTHING;
  const frames: Buffer[] = [];
  const ops: SessionOp[] = [];
  for (const name of closed) {
    ops.push({ kind: "close", step: ops.length, name });
    frames.push(encodeClose("statement", name));
  }
  for (const prepared of parsed) {
    ops.push({ kind: "parse", step: ops.length, prepared });
    frames.push(prepared.frame!);
  }
  return { frames, ops };
}
