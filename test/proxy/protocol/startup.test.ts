import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encodeCancel,
  encodeSslRequest,
  encodeStartup,
  readStartupPacket,
  STARTUP_BYTES_MAX,
  textToWire,
  wireToText,
} from "../../../src/proxy/protocol/startup.ts";
import {
  cancelRequest,
  gssRequest,
  PROTOCOL_3_0,
  PROTOCOL_3_2,
  sslRequest,
  startupMessage,
  untyped,
} from "../../helpers/messages.ts";

const read = (bytes: Buffer) => readStartupPacket(bytes, STARTUP_BYTES_MAX);

function lengthOnly(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

function withVersion(version: number, body: string): Buffer {
  return untyped(Buffer.concat([lengthOnly(version), Buffer.from(body, "latin1")]));
}

describe("readStartupPacket", () => {
  test("a startup message gives version, parameters and the bytes it takes", () => {
    const bytes = startupMessage({ user: "ann", database: "shop", "_pq_.x": "1", options: "-c a=b" }, PROTOCOL_3_2);
    expect(read(Buffer.concat([bytes, Buffer.from("more")]))).toEqual({
      type: "startup",
      major: 3,
      minor: 2,
      parameters: new Map([
        ["user", "ann"],
        ["database", "shop"],
        ["_pq_.x", "1"],
        ["options", "-c a=b"],
      ]),
      length: bytes.length,
    });
  });

  test("SSLRequest and GSSENCRequest are told apart", () => {
    expect(read(sslRequest())).toEqual({ type: "ssl", length: 8 });
    expect(read(gssRequest())).toEqual({ type: "gssenc", length: 8 });
  });

  test.each([4, 32, 256])("a cancel key's secret of %i bytes comes with its process id", (length) => {
    const secret = Buffer.alloc(length, 7);
    const packet = read(cancelRequest(4711, secret));
    expect(packet).toMatchObject({ type: "cancel", length: 12 + length });
    const pid = Buffer.alloc(4);
    pid.writeInt32BE(4711);
    expect(packet?.type === "cancel" && packet.key).toEqual(Buffer.concat([pid, secret]));
  });

  test.each([0, 3, 257])("a cancel key's secret of %i bytes is none", (length) => {
    expect(read(cancelRequest(1, Buffer.alloc(length)))?.type).toBe("invalid");
  });

  test("every beginning of a packet asks for more bytes", () => {
    for (const bytes of [startupMessage({ user: "ann" }), sslRequest(), cancelRequest(1, Buffer.alloc(32))]) {
      for (let length = 0; length < bytes.length; length++) expect(read(bytes.subarray(0, length))).toBeNull();
    }
  });

  test.each([0, 7, 0xffffffff, 10_001, 0x7fffffff, 0x80000000])(
    "a length of %i is refused as soon as it is there",
    (length) => {
      expect(read(lengthOnly(length))).toMatchObject({ type: "invalid", length: 0 });
    },
  );

  test("HTTP and SSH are no startup packets", () => {
    expect(read(Buffer.from("GET / HTTP/1.1\r\n"))?.type).toBe("invalid");
    expect(read(Buffer.from("SSH-2.0-OpenSSH"))?.type).toBe("invalid");
  });

  test("the first byte of a TLS handshake is enough to know it", () => {
    expect(read(Buffer.of(0x16))).toEqual({ type: "direct_tls", length: 0 });
  });

  test.each([
    ["no terminator", "user\0ann\0"],
    ["a name without a value", "user\0ann\0database"],
    ["a value without its NUL", "user\0ann"],
    ["bytes behind the terminator", "user\0ann\0\0x"],
    ["nothing at all", ""],
  ])("%s is answered as PostgreSQL answers it", (_name, body) => {
    expect(read(withVersion(PROTOCOL_3_0, body))).toMatchObject({
      type: "malformed",
      sqlstate: "08P01",
      message: "invalid startup packet layout: expected terminator as last byte",
    });
  });

  test.each([["database\0shop\0\0"], ["user\0\0\0"], ["\0"]])("without a user it is refused: %j", (body) => {
    expect(read(withVersion(PROTOCOL_3_0, body))).toMatchObject({
      type: "malformed",
      sqlstate: "28000",
      message: "no PostgreSQL user name specified in startup packet",
    });
  });

  test("other major versions are refused in PostgreSQL's words", () => {
    expect(read(withVersion(0x0002_0000, "user\0ann\0\0"))).toMatchObject({
      type: "malformed",
      sqlstate: "0A000",
      message: "unsupported frontend protocol 2.0: server supports 3.0 to 3.2",
    });
    expect(read(withVersion(0x0004_0000, "user\0ann\0\0"))).toMatchObject({ sqlstate: "0A000" });
  });

  test("of a repeated parameter the last value counts", () => {
    const packet = read(withVersion(PROTOCOL_3_0, "user\0ann\0user\0bob\0\0"));
    expect(packet?.type === "startup" && packet.parameters.get("user")).toBe("bob");
  });

  test("arbitrary bytes give an answer, never an exception, and never more bytes than there are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(-1, 8, 20, 40), (bytes, length) => {
        const buffer = Buffer.from(bytes);
        if (length >= 0 && buffer.length >= 8) buffer.writeUInt32BE(length, 0);
        if (length >= 0 && buffer.length >= 8) buffer.writeUInt32BE(PROTOCOL_3_0, 4);
        const packet = read(buffer);
        expect(packet === null ? 0 : packet.length).toBeLessThanOrEqual(buffer.length);
      }),
    );
  });
});

describe("encodeStartup", () => {
  const wire = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  });

  test("what is read from any bytes encodes to the same bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(wire, wire), { maxLength: 5 }), fc.integer({ min: 0, max: 3 }), (pairs, minor) => {
        const parameters = new Map<string, string>([["user", "\xff\xfe"], ...pairs]);
        const bytes = encodeStartup(3, minor, parameters);
        expect(read(bytes)).toEqual({ type: "startup", major: 3, minor, parameters, length: bytes.length });
      }),
    );
  });

  test("a NUL in a value does not begin another parameter", () => {
    const packet = read(encodeStartup(3, 0, new Map([["user", "ann\0user\0postgres"]])));
    expect(packet?.type === "startup" && [...packet.parameters]).toEqual([["user", "ann"]]);
  });

  test("cancel and SSL requests are read back", () => {
    const key = Buffer.from("abcd12345678");
    expect(read(encodeCancel(key))).toEqual({ type: "cancel", key, length: 20 });
    expect(encodeSslRequest()).toEqual(sslRequest());
  });
});

test("text becomes a wire string and text again", () => {
  expect(textToWire("größe")).toBe("gr\xc3\xb6\xc3\x9fe");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => wireToText(textToWire(text)) === text));
});
