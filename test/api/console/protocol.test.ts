// The console's side of the wire, byte by byte: who gets in, what comes out of turn, what is too long, too many or too slow.

import * as fc from "fast-check";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../../src/api/console/commands.ts";
import { errorFields, type Frame, RawClient } from "../../helpers/frames.ts";
import * as messages from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { configOf, type ConsoleFixture, openConsole } from "./fixture.ts";

const { bind, describe: ask, execute, frame, parse, query, startupMessage, sync } = messages;
const ALICE = { user: "alice", database: "pgsoak" };

let open: ConsoleFixture;
let closed: ConsoleFixture;

beforeAll(async () => {
  open = await openConsole();
  closed = await openConsole('password = "the password"');
});

afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
});

const shape = (frames: readonly Frame[]): string =>
  frames.map((one) => (one.type === "E" ? `E${errorFields(one)["C"]}` : one.type)).join(" ");

/** What the console says to these bytes until it closes. */
async function lastWord(console: ConsoleFixture, ...bytes: readonly Buffer[]): Promise<string> {
  await using raw = await RawClient.connect(console);
  raw.send(...bytes);
  await raw.closed();
  return raw.received.toString("latin1");
}

describe("at the door of the console", () => {
  test("encryption is declined, once of each kind, and nothing is taken that came ahead of the answer", async () => {
    await using raw = await RawClient.connect(open);
    raw.send(messages.gssRequest());
    expect(await raw.byte()).toBe("N");
    raw.send(messages.sslRequest());
    expect(await raw.byte()).toBe("N");
    raw.send(startupMessage(ALICE));
    expect((await raw.until("Z")).at(0)?.type).toBe("R");
    expect(await lastWord(open, messages.sslRequest(), startupMessage(ALICE))).toMatch(/^NE.*08P01/);
    await using again = await RawClient.connect(open);
    again.send(messages.sslRequest());
    await again.byte();
    again.send(messages.sslRequest());
    expect(errorFields(await again.frame())["C"]).toBe("0A000");
  });

  test("a cancel, HTTP, TLS and garbage are closed without a word", async () => {
    expect(await lastWord(open, messages.cancelRequest(1, Buffer.alloc(4)))).toBe("");
    expect(await lastWord(open, Buffer.from("GET / HTTP/1.1\r\n\r\n"))).toBe("");
    expect(await lastWord(open, Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3]))).toBe("");
    expect(await lastWord(open, Buffer.from([0, 0, 0, 0]))).toBe("");
  });

  test("a newer protocol is brought down to 3.0", async () => {
    await using raw = await RawClient.connect(open);
    raw.send(startupMessage({ ...ALICE, "_pq_.option": "1" }, messages.PROTOCOL_3_2));
    const negotiated = (await raw.until("Z")).find(({ type }) => type === "v");
    expect(negotiated?.body.subarray(0, 8)).toEqual(Buffer.from([0, 3, 0, 0, 0, 0, 0, 1]));
  });

  test("nothing but a SASL response counts before the password does", async () => {
    const word = async (...after: readonly Buffer[]): Promise<string | undefined> => {
      await using raw = await RawClient.connect(closed);
      raw.send(startupMessage(ALICE));
      await raw.frame();
      raw.send(...after);
      const refused = await raw.frame();
      await raw.closed();
      return errorFields(refused)["C"];
    };
    expect(await word(query("SHUTDOWN"))).toBe("08P01");
    expect(await word(startupMessage({ user: "mallory" }))).toBe("08P01");
    expect(await word(frame("p", Buffer.alloc(5000)))).toBe("08P01");
    expect(await word(frame("p", Buffer.from("SCRAM-SHA-256-PLUS\0")))).toBe("08P01");
    expect(await word(messages.password("the password"))).toBe("08P01");
    expect(await word(frame("p", Buffer.from("SCRAM-SHA-256\0\0\0\0\x05hello")))).toBe("08P01");
    expect(await word(sync())).toBe("08P01");
    expect(await lastWord(closed, startupMessage(ALICE), query("SHUTDOWN"))).toMatch(/E.*08P01/);
  });

  test("a second StartupMessage changes nobody's user: it ends the connection", async () => {
    await using raw = await RawClient.login(open, ALICE);
    raw.send(startupMessage({ user: "mallory" }));
    expect(errorFields(await raw.frame())).toMatchObject({ S: "FATAL", C: "08P01" });
    await raw.closed();
  });

  test("a client that doesn't log in in time is closed, and the 21st connection is refused", async () => {
    await using hasty = await openConsole('password = "x"', { loginMs: 50 });
    expect(await lastWord(hasty)).toMatch(/FATAL.*57014/);
    await using crowded = await openConsole();
    const clients: RawClient[] = [];
    for (let n = 0; n < 20; n++) clients.push(await RawClient.login(crowded, ALICE));
    expect(await lastWord(crowded)).toMatch(/FATAL.*53300/);
    await clients[0]![Symbol.asyncDispose]();
    await waitFor(async () => {
      await using next = await RawClient.connect(crowded);
      next.send(startupMessage(ALICE));
      return (await next.frame()).type === "R";
    });
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test("a session whose password has changed since carries nothing out any more", async () => {
    await using console = await openConsole('password = "first"');
    const client = new Client({ host: console.host, port: console.port, user: "alice", password: "first" });
    client.on("error", () => {});
    await client.connect();
    await client.query("SHOW VERSION");
    console.source.config = configOf('password = "second"');
    const refused = (await client.query("SHUTDOWN").catch((error: unknown) => error)) as { code: string };
    expect(refused.code).toBe("28000");
    await client.end();
    const next = new Client({ host: console.host, port: console.port, user: "alice", password: "second" });
    await next.connect();
    await next.end();
  });
});

describe("in the extended protocol", () => {
  test("a command is prepared, described, bound, executed and closed", async () => {
    await using raw = await RawClient.login(open, ALICE);
    const all = [parse("s", "SHOW VERSION"), ask("S", "s"), bind("p", "s"), ask("P", "p"), execute("p"), sync()];
    expect(shape(await raw.exchange(...all))).toBe("1 t T 2 T D C Z");
    expect(shape(await raw.exchange(bind("", "s"), execute(""), messages.close("S", "s"), sync()))).toBe("2 D C 3 Z");
    expect(shape(await raw.exchange(bind("", "s"), execute(""), sync()))).toBe("E26000 Z");
    expect(shape(await raw.exchange(parse("", "RELOAD; RELOAD"), sync()))).toBe("E42601 Z");
    expect(shape(await raw.exchange(parse("", ""), bind("", ""), ask("P", ""), execute(""), sync()))).toBe("1 2 n I Z");
    expect(shape(await raw.exchange(parse("", "MARK 'x'"), bind("", ""), ask("P", ""), execute(""), sync()))).toBe(
      "1 2 n C Z",
    );
  });

  test("rows come in portions where that is asked for, and one execution runs the command once", async () => {
    await using raw = await RawClient.login(open, ALICE);
    const rest = COMMANDS.length - 10;
    const portions = [execute("p", 4), execute("p", 6), execute("p")];
    const frames = await raw.exchange(parse("", "SHOW HELP"), bind("p", ""), ...portions, sync());
    expect(shape(frames)).toBe(`1 2 ${"D ".repeat(4)}s ${"D ".repeat(6)}s ${"D ".repeat(rest)}C Z`);
  });

  test("numbers travel in binary where a client asks for it", async () => {
    await using raw = await RawClient.login(open, ALICE);
    const binary = frame("B", Buffer.from("\0\0\0\0\0\0\0\x01\0\x01", "latin1"));
    const frames = await raw.exchange(parse("", "SELECT 258 AS n, 'x'"), binary, execute(""), sync());
    const row = frames.find(({ type }) => type === "D");
    expect(row?.body.toString("hex")).toBe("0002" + "00000008" + "0000000000000102" + "00000001" + "78");
  });

  test("an error passes over what follows until the Sync", async () => {
    await using raw = await RawClient.login(open, ALICE);
    const frames = await raw.exchange(parse("", "NONSENSE"), bind("", ""), execute(""), query("SHOW VERSION"));
    expect(shape(frames)).toBe("E42601 T D C Z");
    expect(shape(await raw.exchange(bind("", "", ["1"]), sync()))).toBe("E08P01 Z");
    expect(shape(await raw.exchange(frame("B", Buffer.from("x")), sync()))).toBe("E08P01 Z");
    expect(shape(await raw.exchange(messages.functionCall(1, [])))).toBe("E0A000 Z");
  });
});

describe("the console bears", () => {
  test("a message that is too long, and lengths that none may have", async () => {
    for (const bad of [
      frame("Q", Buffer.alloc(70_000)),
      frame("Q", Buffer.alloc(0), 3),
      frame("Q", Buffer.alloc(0), -1),
    ]) {
      await using raw = await RawClient.login(open, ALICE);
      raw.send(bad);
      expect(errorFields(await raw.frame())).toMatchObject({ S: "FATAL", C: "08P01" });
      await raw.closed();
    }
  });

  test("a client that asks and never reads: it is cut off", async () => {
    await using console = await openConsole("", { slowMs: 200 });
    await using raw = await RawClient.login(console, ALICE);
    raw.socket.pause();
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => query("SHOW HELP")));
    raw.socket.write(many);
    await using other = await RawClient.login(console, ALICE);
    expect(shape(await other.exchange(query("SHOW VERSION")))).toBe("T D C Z");
    const isCut = (): boolean => raw.socket.destroyed || raw.socket.errored !== null;
    raw.socket.on("error", () => {});
    await waitFor(() => {
      raw.socket.write(sync());
      return isCut();
    });
  });

  test("random bytes after the login, and goes on", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        await using raw = await RawClient.login(open, ALICE);
        raw.send(Buffer.from(bytes), sync());
        raw.halfClose();
        await raw.closed();
      }),
      { numRuns: 60 },
    );
    await using raw = await RawClient.login(open, ALICE);
    expect(shape(await raw.exchange(query("SHOW VERSION")))).toBe("T D C Z");
    expect(open.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test("random commands: each is answered, by rows or by an error with a state", async () => {
    await using raw = await RawClient.login(open, ALICE);
    const words = COMMANDS.flatMap(({ syntax }) => syntax.split(/[\s[\]]+/));
    const piece = fc.oneof(
      fc.constantFrom(
        ...words,
        "SELECT",
        "BEGIN",
        "ROLLBACK",
        "version()",
        ";",
        "=",
        "'",
        '"',
        "--",
        "/*",
        "*/",
        "$1",
        ",",
      ),
      fc.string({ maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const frames = await raw.exchange(query(pieces.join(" ").replaceAll("\0", "")));
        expect(frames.length).toBeGreaterThan(1);
        for (const one of frames) {
          if (one.type === "E")
            expect(errorFields(one)["C"]).toMatch(/^(?:42601|42704|22023|0A000|25P02|F0000|54000)$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("being closed: every client is told", async () => {
    const console = await openConsole();
    await using raw = await RawClient.login(console, ALICE);
    const closing = console[Symbol.asyncDispose]();
    expect(errorFields(await raw.frame())).toMatchObject({ S: "FATAL", C: "57P01" });
    await closing;
  });
});
