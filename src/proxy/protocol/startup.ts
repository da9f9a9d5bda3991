// The first packets of a connection, which have no type byte: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest
// (PostgreSQL 18 docs, 54.7), and what else may knock at the port. Nothing is allocated before a length was checked.
//
//   int32 length (itself included) | int32 version or request code | the rest
//
// Names and values are bytes in an encoding that nobody has agreed on yet. They are kept as wire strings, one character
// for each byte, so that encoding gives back the very bytes; wireToText() is for comparing and showing them.

import { RequestCode } from "./message-types.ts";
import { Sqlstate } from "./sqlstate.ts";

/** PostgreSQL's MAX_STARTUP_PACKET_LENGTH. */
export const STARTUP_BYTES_MAX = 10_000;

const HEADER_BYTES = 8;
const PID_BYTES = 4;
const SECRET_BYTES_MIN = 4;
const SECRET_BYTES_MAX = 256;
const TLS_HANDSHAKE = 0x16;
const PROTOCOL_MAJOR = 3;

/** `length` is what the packet takes of the buffer; 0 where there is no packet to take. */
export type StartupPacket =
  | { readonly type: "ssl"; readonly length: number }
  | { readonly type: "gssenc"; readonly length: number }
  /** `key` is the process id and the secret, as BackendKeyData gave them. */
  | { readonly type: "cancel"; readonly key: Buffer; readonly length: number }
  | StartupMessage
  /** The client begins a TLS handshake without asking. */
  | { readonly type: "direct_tls"; readonly length: 0 }
  /** PostgreSQL closes without a word. */
  | { readonly type: "invalid"; readonly reason: string; readonly length: 0 }
  /** PostgreSQL answers FATAL with this state and text, and closes. */
  | { readonly type: "malformed"; readonly sqlstate: string; readonly message: string; readonly length: number };

export interface StartupMessage {
  readonly type: "startup";
  readonly major: number;
  readonly minor: number;
  /** Wire strings; of a repeated name the last value, as in PostgreSQL. */
  readonly parameters: Map<string, string>;
  readonly length: number;
}

/** Reads the packet that begins at the buffer's first byte; null = more bytes are needed. */
export function readStartupPacket(buffer: Buffer, maxBytes: number): StartupPacket | null {
  if (buffer.length === 0) return null;
  if (buffer[0] === TLS_HANDSHAKE) return { type: "direct_tls", length: 0 };
  if (buffer.length < 4) return null;
  const length = buffer.readUInt32BE(0);
  if (length < HEADER_BYTES || length > maxBytes) return invalid("invalid length of startup packet");
  if (buffer.length < length) return null;
  const code = buffer.readUInt32BE(4);
  switch (code) {
    case RequestCode.Ssl:
      return { type: "ssl", length };
    case RequestCode.Gssenc:
      return { type: "gssenc", length };
    case RequestCode.Cancel:
      return readCancel(buffer, length);
    default:
      return readStartup(buffer, length, code >>> 16, code & 0xffff);
  }
}

/** PostgreSQL's words for a version that it doesn't speak; also its answer to a second SSLRequest. */
export function unsupportedProtocol(major: number, minor: number): string {
  return `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.2`;
}

function readCancel(buffer: Buffer, length: number): StartupPacket {
  const secretBytes = length - HEADER_BYTES - PID_BYTES;
  if (secretBytes < SECRET_BYTES_MIN || secretBytes > SECRET_BYTES_MAX) {
    return invalid("invalid length of cancel key in cancel request packet");
  }
  return { type: "cancel", key: Buffer.from(buffer.subarray(HEADER_BYTES, length)), length };
}

function readStartup(buffer: Buffer, length: number, major: number, minor: number): StartupPacket {
  if (major !== PROTOCOL_MAJOR) {
    const message = unsupportedProtocol(major, minor);
    return { type: "malformed", sqlstate: Sqlstate.FeatureNotSupported, message, length };
  }
  const parameters = new Map<string, string>();
  let at = HEADER_BYTES;
  while (at < length && buffer[at] !== 0) {
    const nameEnd = endOfString(buffer, at, length);
    const valueEnd = endOfString(buffer, nameEnd + 1, length);
    if (valueEnd >= length) break;
    parameters.set(buffer.toString("latin1", at, nameEnd), buffer.toString("latin1", nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  if (at !== length - 1) {
    const message = "invalid startup packet layout: expected terminator as last byte";
    return { type: "malformed", sqlstate: Sqlstate.ProtocolViolation, message, length };
  }
  if ((parameters.get("user") ?? "") === "") {
    const message = "no PostgreSQL user name specified in startup packet";
    return { type: "malformed", sqlstate: Sqlstate.InvalidAuthorization, message, length };
  }
  return { type: "startup", major, minor, parameters, length };
}

/** Where the NUL of the string at `at` is, or `end` when it has none. */
function endOfString(buffer: Buffer, at: number, end: number): number {
  while (at < end && buffer[at] !== 0) at++;
  return Math.min(at, end);
}

const invalid = (reason: string): StartupPacket => ({ type: "invalid", reason, length: 0 });

/** A StartupMessage; the parameters are wire strings. */
export function encodeStartup(major: number, minor: number, parameters: ReadonlyMap<string, string>): Buffer {
  let text = "";
  for (const [name, value] of parameters) text += `${beforeNul(name)}\0${beforeNul(value)}\0`;
  return packet(((major << 16) | minor) >>> 0, Buffer.from(`${text}\0`, "latin1"));
}

/** A CancelRequest; `key` is what BackendKeyData carried. */
export function encodeCancel(key: Buffer): Buffer {
  return packet(RequestCode.Cancel, key);
}

export function encodeSslRequest(): Buffer {
  return packet(RequestCode.Ssl, Buffer.alloc(0));
}

function packet(code: number, rest: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + rest.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(code, 4);
  rest.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** A NUL would begin another parameter. */
function beforeNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

/** A wire string as text: UTF-8 where it is that, U+FFFD for what isn't. */
export function wireToText(wire: string): string {
  return Buffer.from(wire, "latin1").toString("utf8");
}

/** Text, from the configuration for instance, as the wire string of its UTF-8. */
export function textToWire(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
