// The prepared statements that the PREPAREs in a text define: each as a Query of its own, with the client's own bytes.

import { encodeQueryBytes } from "./protocol/encode.ts";
import type { PreparedStatement } from "./prepared-statement.ts";
import type { NameOp } from "./statement-class.ts";
import type { Statement } from "./statement-book.ts";
import { Tokens } from "./tokens.ts";

/** A longer PREPARE is not kept for preparing it again. */
const TEXT_BYTES_MAX = 1 << 20;

const NONE: readonly PreparedStatement[] = [];

export interface DefiningText {
  readonly statement: Statement;
  /** `buffer[start, end)` is the text. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** The range is only the beginning of the text. */
  readonly partial: boolean;
  readonly standardConformingStrings: boolean;
}

/** `find` says what is known of a statement's text, `nextId` numbers what is prepared. */
export function defineStatements(
  text: DefiningText,
  find: (start: number, end: number) => Statement,
  nextId: () => number,
): readonly PreparedStatement[] {
  const prepares = text.statement.class.names.filter(isPrepare);
  if (prepares.length === 0) return NONE;
  const parts = splitStatements(text);
  return prepares.map(({ at, name }) => {
    // A text that was cut has no end to find, and what its PREPARE is about may be cut off too.
    const { start, bodyStart, end } = parts[at] ?? { start: text.start, bodyStart: text.start, end: text.end };
    const isWhole = !text.partial && end - start <= TEXT_BYTES_MAX;
    const frame = isWhole ? encodeQueryBytes(text.buffer.subarray(start, end)) : null;
    return { id: nextId(), name, by: "query", frame, statement: find(bodyStart, end), defines: NONE };
  });
}

const isPrepare = (op: NameOp): op is Extract<NameOp, { name: string }> => op.kind === "prepare";

interface Part {
  readonly start: number;
  /** Behind the first AS, where the statement that a PREPARE is about begins. */
  readonly bodyStart: number;
  readonly end: number;
}

/** The statements of a text, as classify() counts them. */
function splitStatements({ buffer, start, end, standardConformingStrings }: DefiningText): readonly Part[] {
  const parts: Part[] = [];
  const tokens = new Tokens(buffer, start, end, !standardConformingStrings);
  while (tokens.text !== "") {
    const from = tokens.start;
    const isEmpty = tokens.ended;
    let bodyStart = from;
    for (; !tokens.ended; tokens.next()) {
      if (bodyStart === from && tokens.previous === "as" && tokens.depth === 0) bodyStart = tokens.start;
    }
    if (!isEmpty) parts.push({ start: from, bodyStart, end: tokens.start });
    tokens.next();
  }
  return parts;
}
