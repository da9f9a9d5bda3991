import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REFUSED_MESSAGES } from "../../src/proxy/gauges.ts";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { relayTables } from "../helpers/config-text.ts";
import { errorFields, RawClient } from "../helpers/frames.ts";
import { startInlineProxy } from "../helpers/inline-proxy.ts";
import { bind, copyDone, copyFail, flush, frame, parse, query, sync } from "../helpers/messages.ts";
import { besideCanary } from "./bad-input-beside.ts";
import { Pair } from "./bad-input-pair.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("bad_messages");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

/** Messages that are whole and wrong: PostgreSQL answers with an error and goes on. */
const wrong: Readonly<Record<string, readonly Buffer[]>> = {
  "a Query without a text": [frame("Q")],
  "a Query without a NUL": [frame("Q", bytes("SELECT 1"))],
  "a Query with a NUL inside": [frame("Q", bytes("SELECT 1\0SELECT 2\0"))],
  "a Query that is no UTF-8": [frame("Q", bytes("SELECT '\xff'\0"))],
  "a Parse of nothing": [frame("P"), sync()],
  "a Parse without its parameters": [frame("P", bytes("\0SELECT 1\0")), sync()],
  "a Parse with less than no parameters": [frame("P", bytes("\0SELECT 1\0\xff\xff")), sync()],
  "a Bind of nothing": [frame("B"), sync()],
  "a Bind with more parameters than bytes": [parse("", "SELECT 1"), frame("B", bytes("\0\0\x7f\xff\x7f\xff")), sync()],
  "a Bind with a parameter of 2 GB": [
    parse("", "SELECT $1::text"),
    frame("B", bytes("\0\0\0\0\0\x01\x7f\xff\xff\xff\0\0")),
    sync(),
  ],
  "a Bind with too few parameters": [parse("", "SELECT $1::text"), bind("", ""), sync()],
  "a Describe of neither statement nor portal": [frame("D", bytes("Xa\0")), sync()],
  "a Describe of nothing": [frame("D"), sync()],
  "a Close of neither statement nor portal": [frame("C", bytes("Xa\0")), sync()],
  "an Execute with bytes behind it": [frame("E", bytes("\0\0\0\0\0\0\0")), sync()],
  "an Execute of no portal": [frame("E", bytes("nowhere\0\0\0\0\0")), sync()],
  "a Sync with a body": [frame("S", bytes("junk"))],
  "a FunctionCall of nothing": [frame("F")],
  "a FunctionCall of no function": [frame("F", bytes("\0\0\0\x01\0\0\0\0\0\0"))],
  "a FunctionCall with less than no arguments": [frame("F", bytes("\0\0\x05\x25\xff\xff\xff\xff\0\0"))],
  "a CopyFail without a NUL": [query("COPY pg_temp.numbers FROM STDIN"), frame("f", bytes("why"))],
  "a CopyFail with bytes behind it": [query("COPY pg_temp.numbers FROM STDIN"), frame("f", bytes("why\0why\0"))],
  "CopyData that is no row": [query("COPY pg_temp.numbers FROM STDIN"), frame("d", bytes("\xff\0\n")), copyDone()],
  "CopyDone with a body": [query("COPY pg_temp.numbers FROM STDIN"), frame("c", bytes("junk"))],
  "the end of a COPY that never began": [copyDone(), copyFail("why"), frame("d", bytes("junk"))],
};

/** Messages behind which PostgreSQL can't go on. */
const fatal: Readonly<Record<string, readonly Buffer[]>> = {
  "a message of no known type": [frame("?", bytes("abc"))],
  "a message of type NUL": [frame("\0", bytes("abc"))],
  "a password after the login": [frame("p", bytes("secret\0"))],
  "a Query inside of a COPY": [query("COPY pg_temp.numbers FROM STDIN"), query("SELECT 1")],
  "a Parse inside of a COPY": [query("COPY pg_temp.numbers FROM STDIN"), parse("", "SELECT 1"), flush(), sync()],
  "a Terminate with a body": [frame("X", bytes("junk")), query("SELECT 1")],
  "half a message": [query("SELECT 1"), frame("Q", bytes("SELECT"), 100)],
  "half a header": [query("SELECT 1"), bytes("Q\0\0")],
};

describe("is answered as by PostgreSQL itself, on both sides alike", () => {
  test.each(Object.keys(wrong))("%s", async (name) => {
    await besideCanary(database, async (proxy) => {
      await using pair = await Pair.login(proxy, database);
      await pair.say("before", query("CREATE TEMPORARY TABLE numbers (id int)"));
      await pair.say("behind", ...wrong[name]!);
      const { seen } = await proxy.tally(4);
      const parities = (await proxy.outcomes(seen)).map((outcome) => outcome.kind === "mirrored" && outcome.parity);
      expect(parities.filter((parity) => parity !== "match" && parity !== "both_failed")).toEqual([]);
    });
  });
});

describe("ends the session as by PostgreSQL itself", () => {
  test.each(Object.keys(fatal))("%s", async (name) => {
    await besideCanary(database, async (proxy) => {
      const pair = await Pair.login(proxy, database);
      await pair.say("before", query("CREATE TEMPORARY TABLE numbers (id int)"));
      await pair.sayLast(fatal[name]!, "half-close");
    });
  });
});

test("a message above the limit is not carried out: what the client was told is true", async () => {
  const tables = { ...relayTables(database.primary), general: { max_message_bytes: "1 KiB" } };
  await using proxy = await startInlineProxy(tables);
  await database.onPrimary("CREATE TABLE written (text text)");
  await using client = await RawClient.login(proxy, { user: "postgres", database: database.name });
  const tooLong = query(`INSERT INTO written VALUES ('${"x".repeat(2000)}')`);
  client.send(query("INSERT INTO written VALUES ('short')"), tooLong);
  const last = (await client.until("E")).at(-1)!;
  expect(errorFields(last)["C"]).toBe("08P01");
  expect(await client.closed()).toBe("end");
  expect(proxy.gauges.sum(REFUSED_MESSAGES)).toBe(1);
  expect(await database.onPrimary("SELECT left(text, 5) AS text FROM written")).toEqual([{ text: "short" }]);
});
