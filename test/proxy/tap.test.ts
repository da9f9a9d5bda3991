import { MessageChannel } from "node:worker_threads";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createRingBuffer } from "../../src/events/ring.ts";
import { ByteBudget } from "../../src/proxy/byte-budget.ts";
import { createGaugeBuffer, Gauges, QUEUE_BYTES } from "../../src/proxy/gauges.ts";
import { Recording } from "../../src/proxy/recording.ts";
import type { Request } from "../../src/proxy/request.ts";
import { StatementBook } from "../../src/proxy/statement-book.ts";
import { Tap } from "../../src/proxy/tap.ts";
import { bind, copyData, copyDone, execute, flush, frame, parse, query, sync, terminate } from "../helpers/messages.ts";

const BUDGET_BYTES = 1 << 20;
const LENGTH_MAX = 1 << 22;

const gauges = new Gauges(createGaugeBuffer(1, 0), 0);
const budget = new ByteBudget(gauges, 0, { max: BUDGET_BYTES });
let channel: MessageChannel;
let book: StatementBook;

beforeEach(() => {
  channel = new MessageChannel();
  const recording = new Recording({
    thread: 0,
    firstId: 0,
    ring: createRingBuffer(1 << 14),
    signal: new SharedArrayBuffer(4),
    port: channel.port1,
    clock: createClock(),
    enabled: false,
  });
  book = new StatementBook(recording);
});

afterEach(() => channel.port1.close());

/** A request as it was announced. */
interface Announced {
  readonly request: Request;
  readonly kind: string;
  readonly bytes: string;
}

/** A tap of a session that is logged in, and what it has announced and settled so far. */
function tapped({ mirrored = true } = {}) {
  const announced: Announced[] = [];
  const settled: Request[] = [];
  let ids = 0;
  const tap = new Tap({
    book,
    budget,
    lengthMax: LENGTH_MAX,
    mirrored,
    content: () => false,
    nextRequestId: () => ++ids,
    nowMs: () => 0,
    wantsBytes: () => mirrored,
    announce: (request) => {
      announced.push({ request, kind: request.kind, bytes: Buffer.concat(request.chunks).toString("latin1") });
      request.letGo(budget);
    },
    primarySettled: (request) => settled.push(request),
    loginFrame: () => {},
  });
  tap.loggedIn();
  return { tap, announced, settled };
}

const ready = (status: "I" | "T" | "E" = "I"): Buffer => frame("Z", Buffer.from(status));
const complete = (tag: string): Buffer => frame("C", Buffer.from(`${tag}\0`));
const shown = (announced: readonly Announced[]): string[] => announced.map(({ kind, bytes }) => `${kind} ${bytes}`);
const text = (...messages: readonly Buffer[]): string => Buffer.concat(messages).toString("latin1");

/** Where a stream is cut. */
function chunksOf(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  return [...at, stream.length].map((to, n) => stream.subarray(at[n - 1] ?? 0, to));
}

describe("a tap", () => {
  test("announces the same requests with the same bytes in whatever pieces the stream comes", () => {
    const request = fc.constantFrom(
      [query("SELECT 1")],
      [query(`SELECT '${"x".repeat(300)}'`)],
      [parse("s", "SELECT $1"), bind("", "s", ["1"]), execute(""), sync()],
      [parse("", "SELECT 1"), flush(), bind("", ""), flush(), execute(""), sync()],
      [frame("F", Buffer.alloc(20))],
    );
    const stream = fc.array(request, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 40 }), (requests, cuts) => {
        const { tap, announced } = tapped();
        for (const chunk of chunksOf(Buffer.concat(requests.flat()), cuts)) expect(tap.client(chunk)).toBe(true);
        expect(announced.map(({ bytes }) => bytes)).toEqual(requests.map((messages) => text(...messages)));
        tap.end();
        expect(gauges.sum(QUEUE_BYTES)).toBe(0);
      }),
    );
  });

  test("sees answers in whatever pieces they come, and settles the requests in their order", () => {
    const stream = Buffer.concat([complete("SELECT 2"), ready(), complete("INSERT 0 3"), ready("T"), ready("T")]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
        const { tap, settled } = tapped();
        tap.client(Buffer.concat([query("SELECT"), query("INSERT"), sync()]));
        for (const chunk of chunksOf(stream, cuts)) tap.primary(chunk);
        expect(settled.map(({ primary }) => primary.rows)).toEqual([2, 3, 0]);
        expect(tap.depth).toBe(0);
        expect(tap.idle).toBe(false);
      }),
    );
  });

  test("is idle only when nothing is in flight, half sent or inside a transaction", () => {
    const { tap } = tapped();
    expect(tap.idle).toBe(true);
    tap.client(query("BEGIN").subarray(0, 3));
    expect(tap.idle).toBe(false);
    tap.client(query("BEGIN").subarray(3));
    expect(tap.idle).toBe(false);
    tap.primary(ready("T"));
    expect(tap.idle).toBe(false);
    tap.client(query("COMMIT"));
    tap.primary(ready());
    expect(tap.idle).toBe(true);
    tap.client(Buffer.concat([flush(), terminate()]));
    expect(tap.idle).toBe(true);
  });

  test("takes requests from the first one sent while idle to the answer that says idle for one unit", () => {
    const { tap, announced } = tapped();
    const ask = (sql: string, status: "I" | "T"): void => {
      tap.client(query(sql));
      tap.primary(ready(status));
    };
    ask("SELECT 1", "I");
    ask("BEGIN", "T");
    ask("SELECT 2", "T");
    ask("COMMIT", "I");
    tap.client(Buffer.concat([query("SELECT 3"), query("SELECT 4"), query("BEGIN"), query("SELECT 5")]));
    const units = announced.map(({ request }) => request.unit);
    expect(units.map((unit) => units.indexOf(unit))).toEqual([0, 1, 1, 1, 4, 5, 6, 6]);
  });

  test("knows whether the primary can answer without hearing more", () => {
    const { tap } = tapped();
    expect(tap.answerIsComing).toBe(false);
    tap.client(parse("", "SELECT 1"));
    expect(tap.answerIsComing).toBe(false);
    tap.client(sync());
    expect(tap.answerIsComing).toBe(true);
    tap.primary(ready());
    tap.client(query("COPY t FROM STDIN"));
    expect(tap.answerIsComing).toBe(true);
    tap.primary(frame("G", Buffer.alloc(3)));
    expect(tap.answerIsComing).toBe(false);
  });

  test("stops at a length that no message may have, and says how much in front of it may pass", () => {
    const { tap, announced } = tapped();
    const good = query("SELECT 1");
    expect(tap.client(Buffer.concat([good, frame("Q", Buffer.alloc(0), LENGTH_MAX + 1)]))).toBe(false);
    expect(tap.passed).toBe(good.length);
    expect(tap.badFromClient).toEqual({ type: 0x51, length: LENGTH_MAX + 1 });
    expect(tap.client(query("SELECT 2"))).toBe(false);
    expect(tap.passed).toBe(0);
    expect(shown(announced)).toEqual([`simple ${text(good)}`]);
  });

  test("lets the primary say more than a client may", () => {
    const { tap } = tapped();
    tap.client(query("SELECT 1"));
    expect(tap.primary(frame("D", Buffer.alloc(0), LENGTH_MAX + 100))).toBe(true);
    expect(tap.primaryAtBoundary).toBe(false);
  });

  test("holds nothing of a message that comes in pieces when no mirror will want it", () => {
    const { tap, announced } = tapped({ mirrored: false });
    const long = query("x".repeat(300_000));
    for (let at = 0; at < long.length; at += 50_000) {
      tap.client(long.subarray(at, at + 50_000));
      expect(gauges.sum(QUEUE_BYTES)).toBe(0);
    }
    expect(announced).toHaveLength(1);
  });

  test("gives up the copy of a message that is larger than the budget, and keeps the next", () => {
    const { tap, announced } = tapped();
    const long = query("x".repeat(2 * BUDGET_BYTES));
    for (let at = 0; at < long.length; at += 60_000) tap.client(long.subarray(at, at + 60_000));
    tap.client(query("SELECT 1"));
    expect(announced.map(({ request }) => request.overflowed)).toEqual([true, false]);
    expect(gauges.sum(QUEUE_BYTES)).toBe(0);
  });

  test("hands out the request that the client's end cuts in two, and abandons all that had no answer", () => {
    const { tap, settled } = tapped();
    tap.client(Buffer.concat([query("SELECT 1"), parse("", "SELECT 2"), query("SELECT").subarray(0, 4)]));
    const cut = tap.end();
    expect(cut?.kind).toBe("extended");
    expect(settled.map(({ abandoned }) => abandoned)).toEqual([true, true]);
    expect(gauges.sum(QUEUE_BYTES)).toBe(0);
  });
});

describe("what only the answer can tell", () => {
  const copyIn = frame("G", Buffer.alloc(3));
  const failed = frame("E", Buffer.from("SERROR\0C42601\0\0"));

  test("a Sync behind an unanswered request waits, and so does what is behind it", () => {
    const { tap, announced } = tapped();
    tap.client(Buffer.concat([query("SELECT 1"), sync(), query("SELECT 2")]));
    expect(announced).toHaveLength(1);
    tap.primary(ready());
    expect(shown(announced)).toEqual(
      [query("SELECT 1"), sync(), query("SELECT 2")].map(
        (sent, n) => `${n === 1 ? "extended" : "simple"} ${text(sent)}`,
      ),
    );
  });

  test("a Sync that the server throws away in a COPY was never a request; the one behind the data ends it", () => {
    const { tap, announced } = tapped();
    const begin = [parse("", "COPY t FROM STDIN"), bind("", ""), execute(""), sync()];
    tap.client(Buffer.concat([...begin, sync(), copyData(Buffer.from("1\n")), copyDone(), sync(), query("SELECT 1")]));
    tap.primary(copyIn);
    expect(tap.depth).toBe(2);
    tap.primary(Buffer.concat([complete("COPY 1"), ready(), ready()]));
    expect(announced.map(({ kind }) => kind)).toEqual(["extended", "simple"]);
    expect(tap.idle).toBe(true);
  });

  test("a Query behind extended messages is theirs when one of them fails, with all up to the Sync", () => {
    const { tap, announced, settled } = tapped();
    const run = [parse("", "SELEC"), query("SELECT 1"), query("SELECT 2"), sync()];
    tap.client(Buffer.concat([...run, query("SELECT 3")]));
    expect(announced).toEqual([]);
    tap.primary(failed);
    expect(shown(announced)).toEqual([`extended ${text(...run)}`, `simple ${text(query("SELECT 3"))}`]);
    tap.primary(Buffer.concat([ready(), ready()]));
    expect(settled).toHaveLength(2);
    expect(tap.idle).toBe(true);
  });

  test("… and so is what the client has not sent yet", () => {
    const { tap, announced } = tapped();
    tap.client(Buffer.concat([parse("", "SELEC"), query("SELECT 1"), parse("", "SELECT 2")]));
    tap.primary(failed);
    tap.client(Buffer.concat([query("SELECT 3"), sync()]));
    tap.primary(ready());
    expect(announced).toHaveLength(1);
    expect(tap.idle).toBe(true);
  });

  test("a session that ends in doubt announces what the client had sent whole", () => {
    const { tap, announced, settled } = tapped();
    tap.client(Buffer.concat([parse("", "SELECT 1"), query("SELECT 2"), query("SELECT 3"), parse("", "SELECT 4")]));
    tap.end();
    expect(announced).toHaveLength(2);
    expect(settled).toHaveLength(3);
    expect(gauges.sum(QUEUE_BYTES)).toBe(0);
  });
});
