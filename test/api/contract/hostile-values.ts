// Values that no parameter is meant for, and some that one or the other takes: what matters is that each gets a clear answer.

import * as fc from "fast-check";

export const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "0",
  "-1",
  "-0",
  "1.5",
  "1e999",
  "99999999999999999999",
  "9007199254740993",
  "0x10",
  "NaN",
  "Infinity",
  "-Infinity",
  "null",
  "undefined",
  "true",
  "[]",
  "{}",
  "x".repeat(3000),
  "9".repeat(3000),
  "😀🏳️‍🌈",
  "٣",
  "'; DROP TABLE event; --",
  "1 OR 1=1",
  "\u0000",
  "24h\u0000",
  "\u001b[2J\r\nX-Injected: yes",
  "\u202e24h",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "24h ",
  "+24h",
  "2026-02-30T00:00:00Z",
  "9999-12-31T23:59:60Z",
  "0001-01-01T00:00:00Z",
];

/** Percent-encodings that decode to no text. */
export const HOSTILE_ENCODINGS: readonly string[] = ["%FF", "%", "%zz", "%C3%28", "%ED%A0%80", "%00", "a%26b%3Dc"];

/** Of the whole of Unicode; fast-check's own unit for that takes seconds to prepare. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(fc.nat(0x2ff), fc.integer({ min: 0x300, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point));

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: anyCharacter, maxLength: 300 }),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

/** What JSON can say, and a field does not want. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(hostileText, fc.jsonValue({ maxDepth: 4 }));

export const HOSTILE_JSON: readonly unknown[] = [
  ...HOSTILE_TEXTS,
  null,
  0,
  -1,
  1e308,
  true,
  [],
  {},
  ["text"],
  { toString: "x" },
  "\ud800",
];
