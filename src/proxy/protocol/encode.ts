// Writes the frames that pgsoak sends in its own name: to the mirror as its client, to a client when there is an error to
// tell. Names are wire strings (see startup.ts), since they must be the very bytes the client chose; all other strings
// are text and travel as UTF-8.

import { BackendMessage, FrontendMessage, TARGET_BYTE, type TargetKind } from "./message-types.ts";

const HEADER_BYTES = 5;

export function encodeQuery(text: string): Buffer {
  return frame(FrontendMessage.Query, [cstring(text)]);
}

/** A Query with the very bytes of a client's text, whatever their encoding. */
export function encodeQueryBytes(text: Buffer): Buffer {
  return frame(FrontendMessage.Query, [text, Buffer.of(0)]);
}

export function encodeParse(name: string, text: string, paramOids: readonly number[]): Buffer {
  return frame(FrontendMessage.Parse, [
    wireCstring(name),
    cstring(text),
    int16(paramOids.length),
    ...paramOids.map(int32),
  ]);
}

export function encodeClose(kind: TargetKind, name: string): Buffer {
  return frame(FrontendMessage.Close, [Buffer.of(TARGET_BYTE[kind]), wireCstring(name)]);
}

export function encodeSync(): Buffer {
  return frame(FrontendMessage.Sync, []);
}

export function encodeCopyFail(message: string): Buffer {
  return frame(FrontendMessage.CopyFail, [cstring(message)]);
}

/** A PasswordMessage: the password itself, or md5Response(). */
export function encodePassword(text: string): Buffer {
  return frame(FrontendMessage.Password, [cstring(text)]);
}

export function encodeSaslInitialResponse(mechanism: string, data: Buffer): Buffer {
  return frame(FrontendMessage.Password, [cstring(mechanism), int32(data.length), data]);
}

export function encodeSaslResponse(data: Buffer): Buffer {
  return frame(FrontendMessage.Password, [data]);
}

export function encodeTerminate(): Buffer {
  return frame(FrontendMessage.Terminate, []);
}

export interface ErrorFields {
  readonly severity: "FATAL" | "ERROR";
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** An ErrorResponse with the severity in S and, never localised, in V. */
export function encodeError(error: ErrorFields): Buffer {
  const fields = [`S${error.severity}`, `V${error.severity}`, `C${error.sqlstate}`, `M${error.message}`];
  if (error.detail !== undefined) fields.push(`D${error.detail}`);
  if (error.hint !== undefined) fields.push(`H${error.hint}`);
  return frame(BackendMessage.ErrorResponse, [...fields.map((field) => cstring(field)), Buffer.of(0)]);
}

/** `status` is the letter of the transaction state: I, T or E. */
export function encodeReadyForQuery(status: "I" | "T" | "E"): Buffer {
  return frame(BackendMessage.ReadyForQuery, [Buffer.from(status)]);
}

/** The length includes itself but not the type byte (PostgreSQL 18 docs, 54.7). */
export function frame(type: number, parts: readonly Buffer[]): Buffer {
  let length = HEADER_BYTES;
  for (const part of parts) length += part.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = type;
  bytes.writeUInt32BE(length - 1, 1);
  let at = HEADER_BYTES;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}

/** A NUL would end the string early and make the rest another field: what is behind it is left out. */
export function cstring(text: string, encoding: BufferEncoding = "utf8"): Buffer {
  const nul = text.indexOf("\0");
  return Buffer.from(`${nul < 0 ? text : text.slice(0, nul)}\0`, encoding);
}

const wireCstring = (wire: string): Buffer => cstring(wire, "latin1");

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
