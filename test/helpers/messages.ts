// What a client says to a server, as bytes: written from PostgreSQL's documentation (18, 54.7) alone, so that tests
// don't check our own encoder with itself. Any message can be made wrong on purpose with `frame` and `untyped`.

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};

const cstring = (text: string): Buffer => Buffer.from(`${text}\0`);

/** A message with a type byte; `length` lies about its length when given. */
export function frame(type: string, body: Buffer = Buffer.alloc(0), length = body.length + 4): Buffer {
  return Buffer.concat([Buffer.from(type, "latin1"), int32(length), body]);
}

/** A message without a type byte, as only the first ones of a connection are. */
export function untyped(body: Buffer, length = body.length + 4): Buffer {
  return Buffer.concat([int32(length), body]);
}

export const PROTOCOL_3_0 = 0x0003_0000;
export const PROTOCOL_3_2 = 0x0003_0002;

export function startupMessage(parameters: Readonly<Record<string, string>>, protocol = PROTOCOL_3_0): Buffer {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [cstring(name), cstring(value)]);
  return untyped(Buffer.concat([int32(protocol), ...pairs, Buffer.of(0)]));
}

export const sslRequest = (): Buffer => untyped(int32(80_877_103));
export const gssRequest = (): Buffer => untyped(int32(80_877_104));

export function cancelRequest(pid: number, key: Buffer): Buffer {
  return untyped(Buffer.concat([int32(80_877_102), int32(pid), key]));
}

export const query = (sql: string): Buffer => frame("Q", cstring(sql));
export const sync = (): Buffer => frame("S");
export const flush = (): Buffer => frame("H");
export const terminate = (): Buffer => frame("X");
export const password = (text: string): Buffer => frame("p", cstring(text));

/** `name` "" is the unnamed statement. */
export function parse(name: string, sql: string): Buffer {
  return frame("P", Buffer.concat([cstring(name), cstring(sql), int16(0)]));
}

/** Values travel as text; null is NULL. */
/** `resultFormats`: 0 text, 1 binary. */
export function bind(
  portal: string,
  statement: string,
  values: readonly (string | null)[] = [],
  resultFormats: readonly number[] = [],
): Buffer {
  const encoded = values.flatMap((value) => {
    if (value === null) return [int32(-1)];
    const bytes = Buffer.from(value);
    return [int32(bytes.length), bytes];
  });
  const formats = [int16(resultFormats.length), ...resultFormats.map(int16)];
  const names = [cstring(portal), cstring(statement)];
  return frame("B", Buffer.concat([...names, int16(0), int16(values.length), ...encoded, ...formats]));
}

/** `kind`: S a statement, P a portal. */
export const describe = (kind: "S" | "P", name: string): Buffer => frame("D", cstring(`${kind}${name}`));
export const close = (kind: "S" | "P", name: string): Buffer => frame("C", cstring(`${kind}${name}`));

/** `rowsMax` 0 is all of them. */
export function execute(portal: string, rowsMax = 0): Buffer {
  return frame("E", Buffer.concat([cstring(portal), int32(rowsMax)]));
}

export const copyData = (bytes: Buffer): Buffer => frame("d", bytes);
export const copyDone = (): Buffer => frame("c");
export const copyFail = (reason: string): Buffer => frame("f", cstring(reason));

/** Arguments and result travel as text. */
export function functionCall(oid: number, values: readonly string[]): Buffer {
  const encoded = values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]);
  return frame("F", Buffer.concat([int32(oid), int16(0), int16(values.length), ...encoded, int16(0)]));
}

/** Values travel in PostgreSQL's binary form. */
export function bindBinary(portal: string, statement: string, values: readonly Buffer[]): Buffer {
  const encoded = values.flatMap((value) => [int32(value.length), value]);
  const formats = [int16(1), int16(1), int16(values.length)];
  return frame("B", Buffer.concat([cstring(portal), cstring(statement), ...formats, ...encoded, int16(0)]));
}
