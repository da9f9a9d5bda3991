// What a server says to a client, as bytes: written from PostgreSQL's documentation (18, 54.7) alone, for servers that
// lie on purpose. Any message can be made wrong with `frame` of messages.ts.

import { frame } from "./messages.ts";

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const cstring = (text: string): Buffer => Buffer.from(`${text}\0`);

/** `code` 0 is AuthenticationOk, 3 asks for a password, 10 to 12 are SASL. */
export function authentication(code: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return frame("R", Buffer.concat([int32(code), data]));
}

export const authenticationOk = (): Buffer => authentication(0);
export const saslOffer = (...mechanisms: readonly string[]): Buffer =>
  authentication(10, Buffer.concat([...mechanisms.map(cstring), Buffer.of(0)]));
export const saslContinue = (text: string): Buffer => authentication(11, Buffer.from(text));
export const saslFinal = (text: string): Buffer => authentication(12, Buffer.from(text));

export const backendKeyData = (pid: number, secret: Buffer): Buffer => frame("K", Buffer.concat([int32(pid), secret]));
export const parameterStatus = (name: string, value: string): Buffer =>
  frame("S", Buffer.concat([cstring(name), cstring(value)]));
export const readyForQuery = (status: "I" | "T" | "E" = "I"): Buffer => frame("Z", Buffer.from(status));

/** Fields by their letter: S and V the severity, C the SQLSTATE, M the message. */
export function errorResponse(fields: Readonly<Record<string, string>>, type: "E" | "N" = "E"): Buffer {
  const parts = Object.entries(fields).map(([letter, value]) => cstring(`${letter}${value}`));
  return frame(type, Buffer.concat([...parts, Buffer.of(0)]));
}

export const noticeResponse = (message: string): Buffer =>
  errorResponse({ S: "NOTICE", V: "NOTICE", C: "00000", M: message }, "N");

export const notification = (pid: number, channel: string, payload: string): Buffer =>
  frame("A", Buffer.concat([int32(pid), cstring(channel), cstring(payload)]));

/** One column of type text. */
export const rowDescription = (name: string): Buffer =>
  frame("T", Buffer.concat([int16(1), cstring(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]));

/** A row of one column. */
export const dataRow = (value: Buffer): Buffer => frame("D", Buffer.concat([int16(1), int32(value.length), value]));

export const commandComplete = (tag: string): Buffer => frame("C", cstring(tag));

/** What a server that trusts everybody says to a new session. */
export function welcome(pid = 1): Buffer {
  return Buffer.concat([
    authenticationOk(),
    parameterStatus("server_version", "18.0"),
    parameterStatus("standard_conforming_strings", "on"),
    backendKeyData(pid, Buffer.from([1, 2, 3, 4])),
    readyForQuery(),
  ]);
}

/** The whole answer to a simple Query that gives one row of one column. */
export function oneRow(value: string): Buffer {
  const row = dataRow(Buffer.from(value));
  return Buffer.concat([rowDescription("?column?"), row, commandComplete("SELECT 1"), readyForQuery()]);
}
