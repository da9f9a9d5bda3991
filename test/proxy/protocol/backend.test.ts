import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  hashTag,
  readAuthentication,
  readBackendKey,
  readError,
  readParameterStatus,
  tagRows,
} from "../../../src/proxy/protocol/backend.ts";

/** Calls a reader with the body in the middle of other bytes, so that reading outside shows. */
function within<T>(body: string | Uint8Array, reader: (buffer: Buffer, start: number, end: number) => T): T {
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body);
  const buffer = Buffer.concat([Buffer.from("1 9\0CXX000\0"), bytes, Buffer.from("7 8\0CYY000\0\0")]);
  return reader(buffer, 11, 11 + bytes.length);
}

describe("readError", () => {
  test("gives severity, state and message", () => {
    expect(within("SFEHLER\0VERROR\0C42P01\0Mrelation fehlt: ü\0Ffile.c\0\0", readError)).toEqual({
      severity: "ERROR",
      sqlstate: "42P01",
      message: "relation fehlt: ü",
    });
  });

  test("missing fields are empty, and what is no SQLSTATE is none", () => {
    expect(within("\0", readError)).toEqual({ severity: "", sqlstate: "", message: "" });
    expect(within("SERROR\0C<script>\0Mx\0\0", readError)).toEqual({ severity: "ERROR", sqlstate: "", message: "x" });
  });

  test.each([
    "exec_stmt_raise",
    "exec_stmt_assert",
    "PLy_output",
    "plperl_call_perl_func",
    "throw_tcl_error",
    "dblink_res_error",
    "pgfdw_report_error",
  ])("the text of an application that comes out of %s is left out, whatever its state", (routine) => {
    expect(within(`SERROR\0C23505\0Mcustomer Alice\0R${routine}\0\0`, readError)).toEqual({
      severity: "ERROR",
      sqlstate: "23505",
      message: "",
    });
  });

  test("a body that was cut before it names its routine has no message", () => {
    expect(within("SERROR\0C23505\0Mcustomer Alice\0Wlong con", readError)).toMatchObject({
      sqlstate: "23505",
      message: "",
    });
  });
});

describe("command tags", () => {
  test.each([
    ["SELECT 5\0", 5],
    ["INSERT 0 12\0", 12],
    ["COPY 1000000\0", 1_000_000],
    ["CREATE TABLE\0", 0],
    ["BEGIN\0", 0],
    ["UPDATE 3", 3],
    ["12\0", 0],
    ["X12\0", 0],
    ["\0", 0],
    ["", 0],
    [`SELECT ${"9".repeat(400)}\0`, Number.MAX_SAFE_INTEGER],
  ])("%j counts %i rows", (tag, rows) => {
    expect(within(tag, tagRows)).toBe(rows);
  });

  test("equal tags have equal hashes, and a row more makes another one", () => {
    expect(within("SELECT 5\0", hashTag)).toBe(within("SELECT 5\0", hashTag));
    expect(within("SELECT 5\0", hashTag)).not.toBe(within("SELECT 6\0", hashTag));
    expect(within("a\0", hashTag)).toBe(0xe40c292c); // the published FNV-1a test value
  });
});

const int = (code: number): number[] => [0, 0, 0, code];

describe("readAuthentication", () => {
  test.each([
    [int(0), { type: "ok" }],
    [int(3), { type: "cleartext" }],
    [[...int(5), 1, 2, 3, 4], { type: "md5", salt: Buffer.from([1, 2, 3, 4]) }],
    [[...int(5), 1, 2], { type: "malformed" }],
    [
      [...int(10), ...Buffer.from("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")],
      { type: "sasl", mechanisms: ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"] },
    ],
    [[...int(10)], { type: "sasl", mechanisms: [] }],
    [[...int(11), 7], { type: "sasl_continue", data: Buffer.from([7]) }],
    [[...int(12)], { type: "sasl_final", data: Buffer.alloc(0) }],
    [int(7), { type: "unsupported", code: 7 }],
    [[0, 0, 0], { type: "malformed" }],
  ])("%j", (body, expected) => {
    expect(within(Uint8Array.from(body), readAuthentication)).toEqual(expected);
  });

  test("what it returns stays when the buffer is used again", () => {
    const buffer = Buffer.from([...int(11), 1, 2, 3]);
    const message = readAuthentication(buffer, 0, buffer.length);
    buffer.fill(0);
    expect(message).toEqual({ type: "sasl_continue", data: Buffer.from([1, 2, 3]) });
  });
});

test("a backend key is copied, of any length of protocol 3.2, and of no other", () => {
  const buffer = Buffer.alloc(300, 1);
  const key = readBackendKey(buffer, 0, 260);
  buffer.fill(0);
  expect(key).toEqual(Buffer.alloc(260, 1));
  expect(readBackendKey(buffer, 0, 8)).toHaveLength(8);
  expect(readBackendKey(buffer, 0, 7)).toBeNull();
  expect(readBackendKey(buffer, 0, 261)).toBeNull();
});

test("a parameter status has a name and a value, or is none", () => {
  expect(within("TimeZone\0UTC\0", readParameterStatus)).toEqual({ name: "TimeZone", value: "UTC" });
  expect(within("a\0\0", readParameterStatus)).toEqual({ name: "a", value: "" });
  expect(within("TimeZone\0UTC", readParameterStatus)).toBeNull();
  expect(within("TimeZone", readParameterStatus)).toBeNull();
  expect(within("", readParameterStatus)).toBeNull();
});

test("no body makes a reader throw or look at the bytes around it", () => {
  const readers = [readError, tagRows, hashTag, readAuthentication, readBackendKey, readParameterStatus];
  const bytes = fc.uint8Array({ maxLength: 80 });
  fc.assert(
    fc.property(bytes, bytes, bytes, (body, before, after) => {
      for (const reader of readers) {
        const alone = reader(Buffer.from(body), 0, body.length);
        const inside = Buffer.concat([before, body, after]);
        expect(reader(inside, before.length, before.length + body.length)).toEqual(alone);
      }
    }),
  );
});
