import { describe, expect, test } from "vitest";
import * as encode from "../../../src/proxy/protocol/encode.ts";
import { readError } from "../../../src/proxy/protocol/backend.ts";
import { readDescribeOrClose, readParse } from "../../../src/proxy/protocol/frontend.ts";
import { errorFields } from "../../helpers/frames.ts";
import * as messages from "../../helpers/messages.ts";

const bodyOf = (frame: Buffer): Buffer => frame.subarray(5);

describe("frames for the mirror", () => {
  test("are those that PostgreSQL's documentation describes", () => {
    expect(encode.encodeQuery("SELECT 'ü'")).toEqual(messages.query("SELECT 'ü'"));
    expect(encode.encodeParse("s", "SELECT 1", [])).toEqual(messages.parse("s", "SELECT 1"));
    expect(encode.encodeSync()).toEqual(messages.sync());
    expect(encode.encodeTerminate()).toEqual(messages.terminate());
    expect(encode.encodePassword("pässword")).toEqual(messages.password("pässword"));
    expect(encode.encodeClose("statement", "s")).toEqual(messages.frame("C", Buffer.from("Ss\0")));
    expect(encode.encodeClose("portal", "")).toEqual(messages.frame("C", Buffer.from("P\0")));
    expect(encode.encodeCopyFail("why")).toEqual(messages.frame("f", Buffer.from("why\0")));
  });

  test("a Parse carries its parameter types", () => {
    const body = bodyOf(encode.encodeParse("", "x", [23, 4_294_967_295]));
    expect(body).toEqual(Buffer.from([0, 0x78, 0, 0, 2, 0, 0, 0, 23, 255, 255, 255, 255]));
  });

  test("names are the client's bytes, whatever their encoding", () => {
    const name = "caf\xe9";
    const close = bodyOf(encode.encodeClose("statement", name));
    expect(close).toEqual(Buffer.from("Scaf\xe9\0", "latin1"));
    expect(readDescribeOrClose(close, 0, close.length)).toEqual({ kind: "statement", name });
    const parse = bodyOf(encode.encodeParse(name, "x", []));
    expect(readParse(parse, 0, parse.length)?.name).toBe(name);
  });

  test("SASL messages carry their data as it is", () => {
    const data = Buffer.from([1, 0, 2]);
    expect(encode.encodeSaslInitialResponse("M", data)).toEqual(
      messages.frame("p", Buffer.from([0x4d, 0, 0, 0, 0, 3, 1, 0, 2])),
    );
    expect(encode.encodeSaslResponse(data)).toEqual(messages.frame("p", data));
  });

  test("a NUL in a text can't begin another field", () => {
    expect(encode.encodeQuery("a\0b")).toEqual(messages.query("a"));
  });
});

describe("frames for a client", () => {
  test("an error has its severity twice, and detail and hint only when there are some", () => {
    const error = { severity: "FATAL", sqlstate: "53300", message: "too many" } as const;
    const frame = encode.encodeError(error);
    expect(frame.toString("latin1", 0, 1)).toBe("E");
    expect(frame.readUInt32BE(1)).toBe(frame.length - 1);
    expect(errorFields({ type: "E", body: bodyOf(frame) })).toEqual({
      S: "FATAL",
      V: "FATAL",
      C: "53300",
      M: "too many",
    });
    const full = bodyOf(encode.encodeError({ ...error, detail: "d", hint: "h" }));
    expect(errorFields({ type: "E", body: full })).toMatchObject({ D: "d", H: "h" });
    expect(readError(full, 0, full.length)).toEqual(error);
  });

  test("ReadyForQuery carries the transaction's state", () => {
    expect(encode.encodeReadyForQuery("T")).toEqual(messages.frame("Z", Buffer.from("T")));
  });
});
