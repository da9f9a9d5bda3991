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
