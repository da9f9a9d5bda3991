// Reads the bodies of a client's extended-protocol frames: `buffer[start, end)` without type and length. Null means that
// the server will refuse the frame; nothing outside the range is read, nothing throws. Names are wire strings.

import { TARGET_BYTE, type TargetKind } from "./message-types.ts";

export interface ParseMessage {
  readonly name: string;
  /** `buffer[textStart, textEnd)` is the statement. */
  readonly textStart: number;
  readonly textEnd: number;
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
}

/** What a server needs of a Bind beside the names. */
export interface BindFormats {
  readonly parameters: number;
  /** 0 text, 1 binary; none: all text; one: for all columns. */
  readonly resultFormats: readonly number[];
}

export interface DescribeOrCloseMessage {
  readonly kind: TargetKind;
  readonly name: string;
}

/** `partial` says that the range is only the beginning of the body: a text may then run to its end without a NUL. */
export function readParse(buffer: Buffer, start: number, end: number, partial = false): ParseMessage | null {
  const nameEnd = endOfString(buffer, start, end);
  if (nameEnd < 0) return null;
  const textStart = nameEnd + 1;
  const textEnd = endOfString(buffer, textStart, end);
  if (textEnd < 0) return partial ? { name: nameOf(buffer, start, nameEnd), textStart, textEnd: end } : null;
  return { name: nameOf(buffer, start, nameEnd), textStart, textEnd };
}

export function readBind(buffer: Buffer, start: number, end: number): BindMessage | null {
  const portalEnd = endOfString(buffer, start, end);
  if (portalEnd < 0) return null;
  const statementEnd = endOfString(buffer, portalEnd + 1, end);
  if (statementEnd < 0) return null;
  return { portal: nameOf(buffer, start, portalEnd), statement: nameOf(buffer, portalEnd + 1, statementEnd) };
}

export function readBindFormats(buffer: Buffer, start: number, end: number): BindFormats | null {
  const portalEnd = endOfString(buffer, start, end);
  const statementEnd = portalEnd < 0 ? -1 : endOfString(buffer, portalEnd + 1, end);
  if (statementEnd < 0) return null;
  let at = statementEnd + 1;
  const has = (bytes: number): boolean => end - at >= bytes;
  const int16 = (): number => buffer.readUInt16BE((at += 2) - 2);
  if (!has(2)) return null;
  const parameterFormats = int16();
  at += 2 * parameterFormats;
  if (!has(2)) return null;
  const parameters = int16();
  for (let parameter = 0; parameter < parameters; parameter++) {
    if (!has(4)) return null;
    at += 4 + Math.max(0, buffer.readInt32BE(at));
  }
  if (!has(2)) return null;
  const formats = int16();
  if (!has(2 * formats)) return null;
  return { parameters, resultFormats: Array.from({ length: formats }, int16) };
}

export function readDescribeOrClose(buffer: Buffer, start: number, end: number): DescribeOrCloseMessage | null {
  if (start >= end) return null;
  const byte = buffer[start];
  const kind = byte === TARGET_BYTE.statement ? "statement" : byte === TARGET_BYTE.portal ? "portal" : null;
  if (kind === null) return null;
  const nameEnd = endOfString(buffer, start + 1, end);
  return nameEnd < 0 ? null : { kind, name: nameOf(buffer, start + 1, nameEnd) };
}

export function readExecute(buffer: Buffer, start: number, end: number): { readonly portal: string } | null {
  const portalEnd = endOfString(buffer, start, end);
  return portalEnd < 0 ? null : { portal: nameOf(buffer, start, portalEnd) };
}

/** How many rows an Execute asks for at most; 0: all of them. */
export function readRowsMax(buffer: Buffer, start: number, end: number): number {
  const portalEnd = endOfString(buffer, start, end);
  return portalEnd < 0 || end - portalEnd < 5 ? 0 : Math.max(0, buffer.readInt32BE(portalEnd + 1));
}

/** Where the NUL of the string at `at` is, or -1 when the range has none. */
function endOfString(buffer: Buffer, at: number, end: number): number {
  while (at < end) {
    if (buffer[at] === 0) return at;
    at++;
  }
  return -1;
}

/** Most names are empty: those cost no call into the runtime. */
function nameOf(buffer: Buffer, start: number, end: number): string {
  return start === end ? "" : buffer.toString("latin1", start, end);
}
