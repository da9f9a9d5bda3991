// Clients that talk nonsense, as fast-check arbitraries: valid messages of protocol 3 whose types, lengths and bodies are
// spoiled, in any order and any chunking, and beginnings of a connection that are none.

import * as fc from "fast-check";
import {
  bind,
  cancelRequest,
  close,
  copyData,
  copyDone,
  copyFail,
  describe,
  execute,
  flush,
  frame,
  gssRequest,
  parse,
  query,
  sslRequest,
  startupMessage,
  sync,
  terminate,
  untyped,
} from "../helpers/messages.ts";

/** Statements whose answers are the same in every session and on every server, the failing ones included. */
const STATEMENTS = [
  "SELECT 1",
  "SELECT 'a''b', $$c$$ -- d",
  "SELECT 1; SELECT 2; SELECT 1/0; SELECT 3",
  "SELECT repeat('x', 5000)",
  "SELECT generate_series(1, 50)",
  "SELECT $1::int + 1",
  "SELECT",
  "",
  ";",
  "SELEC",
  "SELECT 'open",
  "/* open",
  "BEGIN",
  "COMMIT",
  "ROLLBACK",
  "SAVEPOINT s",
  "SET application_name = 'fuzz'",
  "DEALLOCATE ALL",
  "PREPARE p AS SELECT 1",
  "EXECUTE p",
  "DO $$ BEGIN RAISE NOTICE 'hello'; END $$",
];

const names = fc.constantFrom("", "a", "b", "s".repeat(300));
const statements = fc.constantFrom(...STATEMENTS);
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const functionCall = fc
  .constantFrom([0, 0, 0, 0], [0, 0, 5, 37], [0, 0, 0, 1], [255, 255, 255, 255])
  .map((oid) => frame("F", Buffer.from([...oid, 0, 0, 0, 1, 0, 0, 0, 1, 65, 0, 0])));

/** Messages of the extended protocol, which a Sync must follow. */
const extended = fc.oneof(
  fc.tuple(names, statements).map(([name, sql]) => parse(name, sql)),
  fc.tuple(names, names, fc.array(fc.constantFrom("1", "x", null), { maxLength: 2 })).map((args) => bind(...args)),
  fc.tuple(fc.constantFrom("S" as const, "P" as const), names).map((args) => describe(...args)),
  fc.tuple(fc.constantFrom("S" as const, "P" as const), names).map((args) => close(...args)),
  fc.tuple(names, fc.constantFrom(0, 1, 2 ** 31 - 1, -1)).map((args) => execute(...args)),
);
/** Messages that are answered at once. */
const simple = fc.oneof(statements.map(query), functionCall);
/** Messages that mean nothing outside of a COPY. */
const copying = fc.constantFrom(copyData(Buffer.from("1\n")), copyDone(), copyFail("why"));

const typeOf = (message: Buffer): string => message.toString("latin1", 0, 1);
const bodyOf = (message: Buffer): Buffer => message.subarray(5);

/** Spoils the body and keeps the length right, so that the frames behind it are still frames. */
const spoiled = (message: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> => {
  const random = fc.tuple(message, bytes(40)).map(([was, body]) => frame(typeOf(was), body));
  const cut = fc.tuple(message, fc.nat(60)).map(([was, left]) => frame(typeOf(was), bodyOf(was).subarray(0, left)));
  const longer = fc
    .tuple(message, bytes(20))
    .map(([was, more]) => frame(typeOf(was), Buffer.concat([bodyOf(was), more])));
  // Not any byte: the servers' versions differ in what they take for white space.
  const odd = fc.constantFrom(0, 1, 0x20, 0x41, 0x7f, 0x80, 0xff);
  const changed = fc.tuple(message, fc.nat(200), odd).map(([was, at, byte]) => {
    const body = Buffer.from(bodyOf(was));
    if (body.length > 0) body[at % body.length] = byte;
    return frame(typeOf(was), body);
  });
  return fc.oneof(message, message, random, cut, longer, changed);
};

/** A case that a server survives, in the order that the protocol asks for: extended messages up to a Sync, or others. */
export const orderlyCase: fc.Arbitrary<readonly Buffer[]> = fc.oneof(
  fc
    .array(fc.oneof(spoiled(extended), spoiled(copying), fc.constant(flush())), { maxLength: 5 })
    .map((messages) => [...messages, sync()]),
  fc.array(fc.oneof(spoiled(simple), spoiled(copying), spoiled(fc.constant(sync()))), { minLength: 1, maxLength: 3 }),
);

/** A case that a server survives, in any order; a Sync must follow. */
export const disorderlyCase: fc.Arbitrary<readonly Buffer[]> = fc.array(
  fc.oneof(spoiled(extended), spoiled(simple), spoiled(copying), spoiled(fc.constantFrom(sync(), flush()))),
  { minLength: 1, maxLength: 6 },
);

/** Lengths that lie by a little, and those that claim the earth. */
const lie = fc.constantFrom(0, 1, 3, 4, 5, 100, 65_536, 0x3fffffff, 0x40000000, 0x40000001, 0x7fffffff, -1, -(2 ** 31));

/** What ends a connection sooner or later. */
const lethal = fc.oneof(
  fc.tuple(fc.oneof(extended, simple, copying), lie).map(([was, length]) => frame(typeOf(was), bodyOf(was), length)),
  fc.tuple(fc.nat(255), bytes(30)).map(([type, body]) => frame(String.fromCharCode(type), body)),
  fc.oneof(extended, simple).chain((was) => fc.nat(was.length).map((length) => was.subarray(0, length))),
  fc.constantFrom("COPY pg_temp.nothing FROM STDIN", "COPY fuzzed FROM STDIN").map(query),
  fc.constant(startupMessage({ user: "postgres" })),
  fc.constant(terminate()),
  bytes(200),
);

/** A case that ends the connection, with good and bad input before it and behind it. */
export const lethalCase: fc.Arbitrary<readonly Buffer[]> = fc
  .tuple(orderlyCase, lethal, orderlyCase)
  .map(([before, end, behind]) => [...before, end, ...behind]);

/** A beginning of a connection: what a port may meet, with and without a grain of protocol in it. */
export const beginning: fc.Arbitrary<readonly Buffer[]> = fc.oneof(
  fc.array(bytes(60), { minLength: 1, maxLength: 3 }),
  fc.tuple(bytes(60), lie).map(([body, length]) => [untyped(body, length)]),
  fc.tuple(fc.integer({ min: 0, max: 0x7fffffff }), bytes(60)).map(([version, rest]) => {
    const code = Buffer.alloc(4);
    code.writeUInt32BE(version);
    return [untyped(Buffer.concat([code, rest]))];
  }),
  fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })).map((all) => [startupMessage(all)]),
  fc
    .nat(startupMessage({ user: "postgres" }).length - 1)
    .map((cut) => [startupMessage({ user: "postgres" }).subarray(0, cut)]),
  fc.array(fc.constantFrom(sslRequest(), gssRequest()), { minLength: 1, maxLength: 4 }),
  fc.tuple(fc.integer(), bytes(20)).map(([pid, key]) => [cancelRequest(pid, key)]),
  fc
    .constantFrom("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-x\r\n", "\x16\x03\x01\x02\0\x01\0", "\0".repeat(50))
    .map((text) => [Buffer.from(text, "latin1")]),
);

/** Where a stream is cut into pieces that are sent one by one. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 4 });

/** The stream in pieces: the cuts are taken in turn until it ends, no cut at all leaves it whole. */
export function inPieces(stream: Buffer, at: readonly number[]): Buffer[] {
  if (at.length === 0) return [stream];
  const pieces: Buffer[] = [];
  for (let from = 0, n = 0; from < stream.length; n++) {
    const to = n < at.length ? from + at[n]! : stream.length;
    pieces.push(stream.subarray(from, to));
    from = to;
  }
  return pieces;
}
