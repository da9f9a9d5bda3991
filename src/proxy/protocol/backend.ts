// Reads the bodies of a server's frames: `buffer[start, end)` without type and length. A body may be cut short or made
// by a hostile server: what is missing is reported as missing, nothing outside the range is read, nothing throws.

import { AuthenticationCode } from "./message-types.ts";
import { isSqlstate } from "./sqlstate.ts";

export interface ServerError {
  /** Not localised where the server says it so (V), else as it comes (S). */
  readonly severity: string;
  /** "" when the server gave none, or something that isn't one. */
  readonly sqlstate: string;
  /**
   * What the server said; "" when a function made it say so (RAISE and the like), whatever state that was given, and
   * when the body was cut before it tells.
   */
  readonly message: string;
}

/** Every request of an authenticating server. Buffers are copies. */
export type AuthenticationMessage =
  | { readonly type: "ok" }
  | { readonly type: "cleartext" }
  | { readonly type: "md5"; readonly salt: Buffer }
  | { readonly type: "sasl"; readonly mechanisms: readonly string[] }
  | { readonly type: "sasl_continue"; readonly data: Buffer }
  | { readonly type: "sasl_final"; readonly data: Buffer }
  /** A method that pgsoak doesn't have (GSS, SSPI, …). */
  | { readonly type: "unsupported"; readonly code: number }
  | { readonly type: "malformed" };

const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const FIELD_SEVERITY = 0x53; // S
const FIELD_SEVERITY_PLAIN = 0x56; // V
const FIELD_SQLSTATE = 0x43; // C
const FIELD_MESSAGE = 0x4d; // M
const FIELD_ROUTINE = 0x52; // R
/**
 * Where in the server an application's own text is thrown: RAISE and ASSERT of PL/pgSQL, the other languages, errors of
 * further servers. Such a text may hold any value, so it doesn't get past this reader.
 */
const APPLICATION_ROUTINE = /^(?:exec_stmt_(?:raise|assert)$|PLy_|plperl|pltcl|throw_tcl|plv8|dblink|pgfdw_report)/;
const MECHANISMS_MAX = 16;
const KEY_BYTES_MIN = 8;
/** Process id and the longest secret of protocol 3.2. */
const KEY_BYTES_MAX = 260;

/** The body of an ErrorResponse or NoticeResponse. */
export function readError(buffer: Buffer, start: number, end: number): ServerError {
  let severity = "";
  let plainSeverity = "";
  let sqlstate = "";
  let message = "";
  let routine = "";
  let at = start;
  while (at < end && buffer[at] !== 0) {
    const field = buffer[at]!;
    const valueEnd = endOfString(buffer, at + 1, end);
    if (field === FIELD_SEVERITY) severity = buffer.toString("utf8", at + 1, valueEnd);
    else if (field === FIELD_SEVERITY_PLAIN) plainSeverity = buffer.toString("utf8", at + 1, valueEnd);
    else if (field === FIELD_SQLSTATE) sqlstate = buffer.toString("latin1", at + 1, valueEnd);
    else if (field === FIELD_MESSAGE) message = buffer.toString("utf8", at + 1, valueEnd);
    else if (field === FIELD_ROUTINE) routine = buffer.toString("latin1", at + 1, valueEnd);
    at = valueEnd + 1;
  }
  return {
    severity: plainSeverity || severity,
    sqlstate: isSqlstate(sqlstate) ? sqlstate : "",
    message: at >= end || APPLICATION_ROUTINE.test(routine) ? "" : message,
  };
}

/** The row count of a CommandComplete: the number its tag ends with, 0 for a tag without one. */
export function tagRows(buffer: Buffer, start: number, end: number): number {
  let stop = end;
  while (stop > start && buffer[stop - 1] === 0) stop--;
  let at = stop;
  while (at > start && buffer[at - 1]! >= ZERO && buffer[at - 1]! <= NINE) at--;
  if (at === start || buffer[at - 1] !== SPACE) return 0;
  let rows = 0;
  for (; at < stop; at++) rows = rows * 10 + (buffer[at]! - ZERO);
  return Math.min(rows, Number.MAX_SAFE_INTEGER);
}

/** FNV-1a of the tag of a CommandComplete, as an unsigned 32-bit number. */
export function hashTag(buffer: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end && buffer[at] !== 0; at++) hash = Math.imul(hash ^ buffer[at]!, 0x01000193);
  return hash >>> 0;
}

export function readAuthentication(buffer: Buffer, start: number, end: number): AuthenticationMessage {
  if (end - start < 4) return { type: "malformed" };
  const code = buffer.readUInt32BE(start);
  const rest = start + 4;
  switch (code) {
    case AuthenticationCode.Ok:
      return { type: "ok" };
    case AuthenticationCode.CleartextPassword:
      return { type: "cleartext" };
    case AuthenticationCode.Md5Password:
      return end - rest < 4 ? { type: "malformed" } : { type: "md5", salt: copyOf(buffer, rest, rest + 4) };
    case AuthenticationCode.Sasl:
      return { type: "sasl", mechanisms: readMechanisms(buffer, rest, end) };
    case AuthenticationCode.SaslContinue:
      return { type: "sasl_continue", data: copyOf(buffer, rest, end) };
    case AuthenticationCode.SaslFinal:
      return { type: "sasl_final", data: copyOf(buffer, rest, end) };
    default:
      return { type: "unsupported", code };
  }
}

function readMechanisms(buffer: Buffer, start: number, end: number): string[] {
  const mechanisms: string[] = [];
  let at = start;
  while (at < end && buffer[at] !== 0 && mechanisms.length < MECHANISMS_MAX) {
    const nameEnd = endOfString(buffer, at, end);
    mechanisms.push(buffer.toString("latin1", at, nameEnd));
    at = nameEnd + 1;
  }
  return mechanisms;
}

/** A copy of process id and secret, for a CancelRequest; null when the lengths are not those of a key. */
export function readBackendKey(buffer: Buffer, start: number, end: number): Buffer | null {
  const length = end - start;
  return length < KEY_BYTES_MIN || length > KEY_BYTES_MAX ? null : copyOf(buffer, start, end);
}

export function readParameterStatus(
  buffer: Buffer,
  start: number,
  end: number,
): { readonly name: string; readonly value: string } | null {
  const nameEnd = endOfString(buffer, start, end);
  const valueEnd = endOfString(buffer, nameEnd + 1, end);
  if (valueEnd >= end) return null;
  return { name: buffer.toString("utf8", start, nameEnd), value: buffer.toString("utf8", nameEnd + 1, valueEnd) };
}

/** Where the NUL of the string at `at` is, or `end` when it has none. */
function endOfString(buffer: Buffer, at: number, end: number): number {
  while (at < end && buffer[at] !== 0) at++;
  return Math.min(at, end);
}

const copyOf = (buffer: Buffer, start: number, end: number): Buffer => Buffer.from(buffer.subarray(start, end));
