import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readBind,
  readBindFormats,
  readDescribeOrClose,
  readExecute,
  readParse,
  readRowsMax,
} from "../../../src/proxy/protocol/frontend.ts";
import * as messages from "../../helpers/messages.ts";

/** The frame in the middle of other bytes; the range is its body. */
function within<T>(frame: Buffer, reader: (buffer: Buffer, start: number, end: number) => T): T {
  return reader(Buffer.concat([frame, frame]), 5, frame.length);
}

describe("frames of a client", () => {
  test("a Parse gives its name and where its text stands", () => {
    const frame = messages.parse("s1", "SELECT 'ü'");
    const parse = within(frame, readParse)!;
    expect(parse.name).toBe("s1");
    expect(frame.toString("utf8", parse.textStart, parse.textEnd)).toBe("SELECT 'ü'");
  });

  test("a Bind gives portal and statement, Execute its portal", () => {
    expect(within(messages.bind("p", "s", ["1"]), readBind)).toEqual({ portal: "p", statement: "s" });
    expect(within(messages.bind("", ""), readBind)).toEqual({ portal: "", statement: "" });
    expect(within(messages.execute("p"), readExecute)).toEqual({ portal: "p" });
  });

  test("a Bind says how many parameters it has and how results are to come, Execute how many rows", () => {
    expect(within(messages.bind("p", "s", ["1", null]), readBindFormats)).toEqual({ parameters: 2, resultFormats: [] });
    const binary = messages.frame("B", Buffer.from("p\0s\0\0\x01\0\x01\0\x01\0\0\0\x02xx\0\x02\0\x01\0\0", "latin1"));
    expect(within(binary, readBindFormats)).toEqual({ parameters: 1, resultFormats: [1, 0] });
    expect(within(messages.execute("p", 7), readRowsMax)).toBe(7);
    expect(within(messages.frame("E", Buffer.from("p\0")), readRowsMax)).toBe(0);
  });

  test("Describe and Close say what they name", () => {
    expect(within(messages.describe("S", "s"), readDescribeOrClose)).toEqual({ kind: "statement", name: "s" });
    expect(within(messages.close("P", "p"), readDescribeOrClose)).toEqual({ kind: "portal", name: "p" });
    expect(within(messages.frame("D", Buffer.from("Xs\0")), readDescribeOrClose)).toBeNull();
  });

  test.each([
    ["Parse", "name\0SELECT 1"],
    ["Parse", "name"],
    ["Bind", "p\0s"],
    ["Bind", ""],
    ["Describe", "Sname"],
    ["Describe", ""],
    ["Execute", "p"],
  ] as const)("a %s without its NUL is none: %j", (type, body) => {
    const frame = messages.frame("?", Buffer.from(body));
    const read = { Parse: readParse, Bind: readBind, Describe: readDescribeOrClose, Execute: readExecute }[type];
    expect(within<unknown>(frame, (buffer, start, end) => read(buffer, start, end))).toBeNull();
  });

  test("of a Parse whose beginning alone is there the text runs to its end", () => {
    const beginning = Buffer.from("name\0SELECT 1, 2");
    expect(readParse(beginning, 0, beginning.length, true)).toEqual({ name: "name", textStart: 5, textEnd: 16 });
    expect(readParse(beginning, 0, 3, true)).toBeNull();
  });

  test("no body makes a reader throw or look at the bytes around it", () => {
    const bytes = fc.uint8Array({ maxLength: 40, max: 4 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (body, before, after) => {
        const inside = Buffer.concat([before, body, after]);
        const start = before.length;
        for (const reader of [readBind, readBindFormats, readDescribeOrClose, readExecute, readRowsMax]) {
          expect(reader(inside, start, start + body.length)).toEqual(reader(Buffer.from(body), 0, body.length));
        }
        const textEnd = readParse(inside, start, start + body.length)?.textEnd ?? 0;
        expect(textEnd).toBeLessThanOrEqual(start + body.length);
      }),
    );
  });
});
