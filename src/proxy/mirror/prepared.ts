// Which prepared statements one mirror connection knows, and what it must be told before a request so that the request
// finds every statement it names: a Parse for one that is missing, a Close for one that the client has long forgotten.

import { encodeClose } from "../protocol/encode.ts";
import type { Statement } from "../statement-book.ts";
import type { PreparedStatement, PreparedUse } from "./prepared-use.ts";

export interface Preparation {
  /** Frames to send before the request's own. */
  readonly frames: readonly Buffer[];
  /** What those frames teach, in order. */
  readonly taught: readonly PreparedStatement[];
  /** A statement is needed and can't be taught: its Parse frame was too large to keep. */
  readonly missing: boolean;
  /** A statement is needed of which the primary has not said whether there is one. */
  readonly undecided: boolean;
}

const NOTHING: Preparation = { frames: [], taught: [], missing: false, undecided: false };

export class MirrorStatements {
  /** Name → the Parse frame that it stands for here, to tell an old meaning from a new one. */
  readonly #known = new Map<string, Buffer | null>();

  /** What a request with these uses needs first. */
  prepare(uses: readonly PreparedUse[] | null): Preparation {
    if (uses === null) return NOTHING;
    const frames: Buffer[] = [];
    const taught: PreparedStatement[] = [];
    const settled = new Set<string>(); // names whose meaning this request or its preparation defines
    let missing = false;
    let undecided = false;
    for (const use of uses) {
      if (use.kind === "parse") {
        const { name } = use.statement;
        // The name is free for the client, so it must be free here: an old meaning goes first.
        if (use.fresh && !settled.has(name)) this.#forget(name, frames);
        settled.add(name);
      } else if (use.kind === "use" && use.statement !== null && !settled.has(use.name)) {
        settled.add(use.name);
        const { frame, isKnown } = use.statement;
        if (this.#known.has(use.name) && this.#known.get(use.name) === frame) continue;
        // What the primary could not prepare either is no use teaching.
        if (isKnown === false) continue;
        undecided ||= isKnown === null;
        if (frame === null) {
          missing = true;
          continue;
        }
        this.#forget(use.name, frames);
        frames.push(frame);
        taught.push(use.statement);
      }
    }
    return frames.length === 0 && !missing ? NOTHING : { frames, taught, missing, undecided };
  }

  /** The mirror answered the request after completing `parsed` Parse messages, those that taught first. */
  answered(uses: readonly PreparedUse[] | null, taught: readonly PreparedStatement[], parsed: number): void {
    let left = parsed;
    for (const statement of taught) if (left-- > 0) this.#known.set(statement.name, statement.frame);
    for (const use of uses ?? []) {
      if (use.kind === "use") this.#executed(use.statement?.statement ?? null);
      else if (use.kind === "close") this.#known.delete(use.name);
      else if (use.kind === "parse" && left-- > 0) this.#known.set(use.statement.name, use.statement.frame);
    }
  }

  /** A simple Query ran. */
  queried(statement: Statement | null): void {
    this.#known.delete("");
    this.#executed(statement);
  }

  /** The connection is a new one. */
  clear(): void {
    this.#known.clear();
  }

  #executed(statement: Statement | null): void {
    if (statement === null) return;
    for (const name of statement.class.deallocates) this.#known.delete(name);
    if (statement.class.forgetsStatements) this.#known.clear();
  }

  #forget(name: string, frames: Buffer[]): void {
    if (!this.#known.delete(name) || name === "") return;
    frames.push(encodeClose("statement", name));
  }
}
