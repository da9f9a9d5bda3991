// Writes the frames of a server: for those whose client talks to pgsoak itself.

import { cstring, frame, int16, int32 } from "./encode.ts";
import { AuthenticationCode, BackendMessage } from "./message-types.ts";

export interface FieldDescription {
  readonly name: string;
  readonly typeOid: number;
  /** Bytes of the type; -1: they vary. */
  readonly typeSize: number;
  readonly format: 0 | 1;
}

export function encodeAuthenticationOk(): Buffer {
  return frame(BackendMessage.Authentication, [int32(AuthenticationCode.Ok)]);
}

export function encodeSasl(mechanisms: readonly string[]): Buffer {
  const names = mechanisms.map((name) => cstring(name));
  return frame(BackendMessage.Authentication, [int32(AuthenticationCode.Sasl), ...names, Buffer.of(0)]);
}

export function encodeSaslContinue(data: Buffer): Buffer {
  return frame(BackendMessage.Authentication, [int32(AuthenticationCode.SaslContinue), data]);
}

export function encodeSaslFinal(data: Buffer): Buffer {
  return frame(BackendMessage.Authentication, [int32(AuthenticationCode.SaslFinal), data]);
}

/** The newest version is told whole (0x00030000), as PostgreSQL does; `options` are wire strings. */
export function encodeNegotiateProtocolVersion(newest: number, options: readonly string[]): Buffer {
  const names = options.map((name) => cstring(name, "latin1"));
  return frame(BackendMessage.NegotiateProtocolVersion, [int32(newest), int32(names.length), ...names]);
}

export function encodeParameterStatus(name: string, value: string): Buffer {
  return frame(BackendMessage.ParameterStatus, [cstring(name), cstring(value)]);
}

/** `key` is process id and secret. */
export function encodeBackendKeyData(key: Buffer): Buffer {
  return frame(BackendMessage.BackendKeyData, [key]);
}

export function encodeRowDescription(fields: readonly FieldDescription[]): Buffer {
  const parts = fields.flatMap(({ name, typeOid, typeSize, format }) => [
    cstring(name),
    int32(0), // no column of a table
    int16(0),
    int32(typeOid),
    int16(typeSize & 0xffff),
    int32(0xffff_ffff), // no type modifier
    int16(format),
  ]);
  return frame(BackendMessage.RowDescription, [int16(fields.length), ...parts]);
}

export function encodeDataRow(values: readonly (Buffer | null)[]): Buffer {
  const parts = values.flatMap((value) => (value === null ? [int32(0xffff_ffff)] : [int32(value.length), value]));
  return frame(BackendMessage.DataRow, [int16(values.length), ...parts]);
}

export function encodeCommandComplete(tag: string): Buffer {
  return frame(BackendMessage.CommandComplete, [cstring(tag)]);
}

/** A statement without parameters. */
export function encodeNoParameters(): Buffer {
  return frame(BackendMessage.ParameterDescription, [int16(0)]);
}

/** One of the messages that have no body. */
export function encodeBare(
  message: "ParseComplete" | "BindComplete" | "CloseComplete" | "NoData" | "EmptyQueryResponse" | "PortalSuspended",
): Buffer {
  return frame(BackendMessage[message], []);
}
