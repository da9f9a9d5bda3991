import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameScanner, type FrameSink } from "../../../src/proxy/protocol/frame-scanner.ts";

interface Seen {
  type: number;
  body: string;
  bodyLength: number;
}

function collect(wanted: number): { sink: FrameSink; seen: Seen[]; nexts: number[] } {
  const seen: Seen[] = [];
  const nexts: number[] = [];
  const sink: FrameSink = {
    wanted: () => wanted,
    frame: (type, buffer, start, end, bodyLength, next) => {
      seen.push({ type, body: buffer.toString("latin1", start, end), bodyLength });
      nexts.push(next);
    },
  };
  return { sink, seen, nexts };
}

function frameOf(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const messages = fc.array(
  fc.record({ type: fc.integer({ min: 33, max: 126 }), body: fc.uint8Array({ maxLength: 40 }) }),
  { maxLength: 30 },
);

describe("FrameScanner", () => {
  test("any chunking of any message sequence gives the same messages", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 23 }), { minLength: 1 }), (sequence, sizes) => {
        const bytes = Buffer.concat(sequence.map((m) => frameOf(m.type, Buffer.from(m.body))));
        const { sink, seen } = collect(1000);
        const scanner = new FrameScanner(sink, 1000);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          expect(scanner.scan(bytes.subarray(at, at + size))).toBe(true);
          at += size;
        }
        expect(scanner.atBoundary).toBe(true);
        expect(seen).toEqual(
          sequence.map((m) => ({
            type: m.type,
            body: Buffer.from(m.body).toString("latin1"),
            bodyLength: m.body.length,
          })),
        );
      }),
    );
  });

  test("a split frame is collected only as far as the sink wants, with its true length", () => {
    const { sink, seen } = collect(3);
    const scanner = new FrameScanner(sink, 1000);
    const bytes = frameOf(0x51, Buffer.from("abcdefgh"));
    scanner.scan(bytes.subarray(0, 7));
    expect(scanner.atBoundary).toBe(false);
    scanner.scan(bytes.subarray(7));
    expect(seen).toEqual([{ type: 0x51, body: "abc", bodyLength: 8 }]);
  });

  test("next points behind each frame within the chunk that ends it", () => {
    const { sink, nexts } = collect(0);
    const scanner = new FrameScanner(sink, 1000);
    const bytes = Buffer.concat([frameOf(1, Buffer.alloc(3)), frameOf(2, Buffer.alloc(0))]);
    scanner.scan(bytes.subarray(0, 6));
    scanner.scan(bytes.subarray(6));
    expect(nexts).toEqual([2, 7]);
  });

  test.each([
    ["below 4", 3],
    ["above the limit", 1001],
    ["negative, which is huge when unsigned", 0xffffffff],
  ])("a length %s ends the scan, whole or byte by byte, and nothing behind it is looked at", (_name, length) => {
    const bytes = Buffer.alloc(5);
    bytes[0] = 0x51;
    bytes.writeUInt32BE(length, 1);
    const whole = collect(10);
    const scanner = new FrameScanner(whole.sink, 1000);
    expect(scanner.scan(Buffer.concat([frameOf(0x53, Buffer.alloc(0)), bytes]))).toBe(false);
    expect(whole.seen).toHaveLength(1);
    expect(scanner.bad).toEqual({ type: 0x51, length });
    expect(scanner.scan(frameOf(0x53, Buffer.alloc(0)))).toBe(false);
    expect(whole.seen).toHaveLength(1);

    const split = collect(10);
    const bytewise = new FrameScanner(split.sink, 1000);
    for (const byte of bytes) bytewise.scan(Buffer.from([byte]));
    expect(bytewise.bad).toEqual({ type: 0x51, length });
    expect(split.seen).toEqual([]);
  });
});
