// Which prepared statements one mirror connection knows, and what it must be told before a request so that the request
// finds every statement it names: a Parse for one that is missing, a Close for one that the client has long forgotten.

import { encodeClose } from "../protocol/encode.ts";
import type { Statement } from "../statement-book.ts";
import type { Result } from "./result.ts";
import type { PreparedStatement, PreparedUse } from "./prepared-use.ts";

export interface Preparation {
  /** Frames to send before the request's own. */
  readonly frames: readonly Buffer[];
  /** What those frames teach, in order. */
  readonly taught: readonly PreparedStatement[];
  /** Names that those frames do away with. */
  readonly forgotten: readonly string[];
  /** A statement is needed and can't be taught: its Parse frame was too large to keep. */
  readonly missing: boolean;
  /** A statement is needed of which the primary has not said whether there is one. */
  readonly undecided: boolean;
}

const NOTHING: Preparation = { frames: [], taught: [], forgotten: [], missing: false, undecided: false };

export class MirrorStatements {
  /** Name → the Parse frame that it stands for here, to tell an old meaning from a new one. */
  readonly #known = new Map<string, Buffer | null>();

  /** What a request with these uses needs first. */
  prepare(uses: readonly PreparedUse[] | null): Preparation {
    if (uses === null) return NOTHING;
    const frames: Buffer[] = [];
    const taught: PreparedStatement[] = [];
    const forgotten: string[] = [];
    const forget = (name: string): void => {
      if (!this.#known.has(name)) return;
      forgotten.push(name);
      if (name !== "") frames.push(encodeClose("statement", name));
    };
    const settled = new Set<string>(); // names whose meaning this request or its preparation defines
    let missing = false;
    let undecided = false;
    for (const use of uses) {
      const name = use.kind === "parse" ? use.statement.name : use.name;
      if (use.kind === "close" || settled.has(name)) continue;
      const needed = use.kind === "parse" ? use.previous : use.statement;
      if (needed === null || needed.isKnown === false) {
        // The name means nothing to the primary, so it must mean nothing here: an old meaning goes first.
        forget(name);
      } else {
        const { frame, isKnown } = needed;
        if (this.#known.has(name) && this.#known.get(name) === frame) continue;
        undecided ||= isKnown === null;
        if (frame === null) {
          missing = true;
          continue;
        }
        forget(name);
        frames.push(frame);
        taught.push(needed);
      }
      settled.add(name);
    }
    return frames.length === 0 && !missing ? NOTHING : { frames, taught, forgotten, missing, undecided };
  }

  /** The preparation's frames are on their way. */
  begin({ forgotten }: Preparation): void {
    for (const name of forgotten) this.#known.delete(name);
  }

  /** The mirror answered the request, completing its first Parse messages, those that taught before the others. */
  answered(
    uses: readonly PreparedUse[] | null,
    taught: readonly PreparedStatement[],
    { parsed, failed }: Pick<Result, "parsed" | "failed">,
  ): void {
    let left = parsed;
    for (const statement of taught) if (left-- > 0) this.#known.set(statement.name, statement.frame);
    for (const use of uses ?? []) {
      if (use.kind === "use" && !failed) this.#executed(use.statement?.statement ?? null);
      else if (use.kind === "close") this.#known.delete(use.name);
      else if (use.kind === "parse" && left-- > 0) this.#known.set(use.statement.name, use.statement.frame);
    }
  }

  /** A simple Query ran. */
  queried(statement: Statement | null, failed: boolean): void {
    this.#known.delete("");
    if (!failed) this.#executed(statement);
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
}
