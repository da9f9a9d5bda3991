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

export function defineStatements(text: DefiningText, nextId: () => number): readonly PreparedStatement[] {
  const prepares = text.statement.class.names.filter(isPrepare);
  if (prepares.length === 0) return NONE;
  const parts = text.partial ? [] : splitStatements(text);
  return prepares.map(({ at, name }) => {
    const part = parts[at];
    const frame = part === undefined || part.length > TEXT_BYTES_MAX ? null : encodeQueryBytes(part);
    return { id: nextId(), name, by: "query", frame, statement: text.statement, defines: NONE };
  });
}

const isPrepare = (op: NameOp): op is Extract<NameOp, { name: string }> => op.kind === "prepare";

/** The statements of a text, as classify() counts them. */
function splitStatements({ buffer, start, end, standardConformingStrings }: DefiningText): readonly Buffer[] {
  const parts: Buffer[] = [];
  const tokens = new Tokens(buffer, start, end, !standardConformingStrings);
  while (tokens.text !== "") {
    const from = tokens.start;
    const isEmpty = tokens.ended;
    while (!tokens.ended) tokens.next();
    if (!isEmpty) parts.push(buffer.subarray(from, tokens.start));
    tokens.next();
  }
  return parts;
}
