// Where one request ends and the next begins: every way of the protocol is counted as PostgreSQL answers it, so that a
// mirror which gets the same requests gives the same answers. A tap that lost its place would show here.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import {
  bind,
  copyData,
  copyDone,
  copyFail,
  describe as describeMessage,
  execute,
  flush,
  frame,
  parse,
  query,
  sync,
} from "../../helpers/messages.ts";
import { types } from "./relay.ts";

let database: TestDatabase;
let proxy: InlineProxy;
let client: RawClient;

beforeAll(async () => {
  database = await createDatabase("requests");
  await database.onBoth("CREATE TABLE item (id int PRIMARY KEY)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.onBoth("TRUNCATE item");
  proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  client = await RawClient.login(proxy, { user: "postgres", database: database.name });
  return async () => {
    await client[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  };
});

const parity = (outcome: Outcome): string => (outcome.kind === "mirrored" ? outcome.parity : outcome.kind);

/** The outcomes of `count` requests and of one more that is plain: it is answered in step only if all before it were. */
async function parities(count: number): Promise<string[]> {
  expect(types(await client.exchange(query("SELECT 'in step'")))).toBe("TDCZ");
  const outcomes = await proxy.outcomes(count + 1);
  expect(outcomes).toHaveLength(count + 1);
  expect(await proxy.tally(count + 1)).toEqual({ seen: count + 1, skipped: {} });
  const found = outcomes.map((outcome) => parity(outcome));
  expect(found.pop()).toBe("match");
  return found;
}

const rows = async (): Promise<(number | undefined)[]> =>
  await Promise.all([
    database.onPrimary("SELECT FROM item").then((all) => all.length),
    database.onMirror("SELECT FROM item").then((all) => all.length),
  ]);

const ask = (sql: string): Buffer[] => [parse("", sql), bind("", ""), execute("")];
const copy = "COPY item FROM STDIN";
const begin = [parse("", copy), bind("", ""), describeMessage("P", ""), execute("")];
const data = [copyData(Buffer.from("1\n2\n")), copyData(Buffer.from("3\n"))];

/** FunctionCall of int4pl(40, 2), binary in and out. */
const int4pl = frame("F", Buffer.from("000000b1000100010002000000040000002800000004000000020001", "hex"));

describe("one request is", () => {
  test("a simple COPY with its data, however the client is in step with the server", async () => {
    client.send(query(copy));
    await client.until("G");
    expect(types(await client.exchange(...data, copyDone()))).toBe("CZ");
    expect(await parities(1)).toEqual(["match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("a simple COPY whose data is sent without waiting", async () => {
    expect(types(await client.exchange(query(copy), ...data, copyDone()))).toBe("GCZ");
    expect(await parities(1)).toEqual(["match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("an extended COPY as libpq does it: Sync, then the data, then Sync again", async () => {
    client.send(...begin, sync());
    await client.until("G");
    expect(types(await client.exchange(...data, copyDone(), sync()))).toBe("CZ");
    expect(await parities(1)).toEqual(["match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("an extended COPY with its one Sync at the end", async () => {
    expect(types(await client.exchange(...begin, ...data, copyDone(), sync()))).toBe("12nGCZ");
    expect(await parities(1)).toEqual(["match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("an extended COPY all in one go, with the Sync that the server throws away", async () => {
    expect(types(await client.exchange(...begin, sync(), ...data, copyDone(), sync()))).toBe("12nGCZ");
    expect(await parities(1)).toEqual(["match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("a simple COPY all in one go, with Syncs and Flushes among the data", async () => {
    const among = [sync(), flush(), data[0]!, sync(), flush(), data[1]!];
    expect(types(await client.exchange(query(copy), ...among, copyDone()))).toBe("GCZ");
    expect(types(await client.exchange(query("TRUNCATE item"), query(copy), ...among, copyDone(), sync()))).toBe("CZ");
    expect(types(await client.until("Z"))).toBe("GCZ");
    expect(types(await client.until("Z"))).toBe("Z");
    expect(await parities(4)).toEqual(["match", "match", "match", "match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("two COPYs in one query, each with its own data", async () => {
    const twice = query(`${copy}; SELECT 1; ${copy}`);
    expect(types(await client.exchange(twice, data[0]!, copyDone(), data[1]!, copyDone()))).toBe("GCTDCGCZ");
    expect(await parities(1)).toEqual(["match"]);
    expect(await rows()).toEqual([3, 3]);
  });

  test("a COPY with Flush and Sync between its data, which the server throws away", async () => {
    client.send(...begin, sync());
    await client.until("G");
    client.send(data[0]!, sync(), flush(), data[1]!, sync());
    expect(types(await client.exchange(copyDone(), sync()))).toBe("CZ");
    client.send(query(copy));
    await client.until("G");
    expect(types(await client.exchange(copyData(Buffer.from("4\n")), sync(), flush(), copyDone()))).toBe("CZ");
    expect(await parities(2)).toEqual(["match", "match"]);
    expect(await rows()).toEqual([4, 4]);
  });

  test("a COPY that the client gives up", async () => {
    expect(types(await client.exchange(query(copy), data[0]!, copyFail("no more")))).toBe("GEZ");
    expect(types(await client.exchange(...begin, data[0]!, copyFail("no more"), sync()))).toBe("12nGEZ");
    expect(await parities(2)).toEqual(["both_failed", "both_failed"]);
    expect(await rows()).toEqual([0, 0]);
  });

  test("a COPY that the server gives up while the client goes on sending", async () => {
    client.send(query(copy));
    await client.until("G");
    client.send(copyData(Buffer.from("not a number\n")), ...data);
    expect(types(await client.until("Z"))).toBe("EZ");
    client.send(...data, copyDone());
    // The mirror's COPY is ended for it where the primary's has ended: then nobody can say what it would have done.
    expect(["both_failed", "unverifiable"]).toContain((await parities(1))[0]);
    expect(await rows()).toEqual([0, 0]);
  });

  test("a COPY that cannot even begin, its data and Syncs being on their way already", async () => {
    const wrong = [parse("", "COPY nowhere FROM STDIN"), bind("", ""), execute(""), sync()];
    expect(types(await client.exchange(...wrong, ...data, copyDone(), sync()))).toBe("12EZ");
    expect(types(await client.until("Z"))).toBe("Z");
    expect(await parities(2)).toEqual(["both_failed", "match"]);
  });

  test("a COPY in which the same client also sends COPY TO", async () => {
    await client.exchange(query(copy), ...data, copyDone());
    expect(types(await client.exchange(query("COPY item TO STDOUT; COPY item TO STDOUT (FORMAT binary)")))).toMatch(
      /^Hd+cCHd+cCZ$/,
    );
    expect(await parities(2)).toEqual(["match", "match"]);
  });

  test("a query of several statements, an empty one, a failing one", async () => {
    expect(types(await client.exchange(query("SELECT 1; SELECT 2; INSERT INTO item VALUES (1)")))).toBe("TDCTDCCZ");
    expect(types(await client.exchange(query("")))).toBe("IZ");
    expect(types(await client.exchange(query("SELECT 1; SELECT 1/0; SELECT 2")))).toBe("TDCEZ");
    expect(await parities(3)).toEqual(["match", "match", "both_failed"]);
  });

  test("a FunctionCall, alone and behind extended messages without a Sync", async () => {
    const answer = await client.exchange(int4pl);
    expect(types(answer)).toBe("VZ");
    expect(answer[0]!.body.readInt32BE(4)).toBe(42);
    expect(types(await client.exchange(parse("", "SELECT 1"), int4pl))).toBe("1VZ");
    expect(await parities(2)).toEqual(["match", "match"]);
  });

  test("an extended run up to Sync, whatever fails in it, and a portal that is read in pieces", async () => {
    client.send(
      ...ask("SELECT 1"),
      ...ask("SELECT 1/0"),
      ...ask("SELECT 2"),
      sync(),
      ...ask("SELECT 3"),
      sync(),
      sync(),
    );
    expect(types(await client.until("Z"))).toBe("12DC1EZ");
    expect(types(await client.until("Z"))).toBe("12DCZ");
    expect(types(await client.until("Z"))).toBe("Z");
    client.send(parse("", "SELECT generate_series(1, 5)"), bind("p", ""), execute("p", 2), flush());
    expect(types(await client.until("s"))).toBe("12DDs");
    expect(types(await client.exchange(execute("p", 2), execute("p"), sync()))).toBe("DDsDCZ");
    expect(await parities(4)).toEqual(["both_failed", "match", "match", "match"]);
  });
});

describe("a Query or FunctionCall behind extended messages", () => {
  test("ends the request, and the Sync behind it is another", async () => {
    client.send(parse("", "SELECT 1"), query("SELECT 2"), sync());
    expect(types(await client.until("Z"))).toBe("1TDCZ");
    expect(types(await client.until("Z"))).toBe("Z");
    client.send(parse("", "SELECT 1"), flush());
    await client.frame();
    expect(types(await client.exchange(int4pl))).toBe("VZ");
    expect(await parities(3)).toEqual(["match", "match", "match"]);
  });

  test("is thrown away with what follows, up to the Sync, when one of those fails", async () => {
    const failing = [parse("", "SELEC"), bind("", "")];
    expect(types(await client.exchange(...failing, query("SELECT 1"), int4pl, query("SELECT 2"), sync()))).toBe("EZ");
    client.send(...failing, flush());
    await client.until("E");
    client.send(query("SELECT 1"), parse("", "SELECT 2"), int4pl);
    expect(types(await client.exchange(sync()))).toBe("Z");
    client.send(...failing, query("SELECT 1"), parse("", "SELECT 3"));
    await client.until("E");
    expect(types(await client.exchange(execute(""), sync()))).toBe("Z");
    expect(await parities(3)).toEqual(["both_failed", "both_failed", "both_failed"]);
  });

  test("that fails itself ends the request as one that succeeds does", async () => {
    client.send(parse("", "SELECT 1"), query("SELECT 1/0"), query("SELECT 2"), sync());
    expect(types(await client.until("Z"))).toBe("1EZ");
    expect(types(await client.until("Z"))).toBe("TDCZ");
    expect(types(await client.until("Z"))).toBe("Z");
    expect(await parities(3)).toEqual(["both_failed", "match", "match"]);
  });
});

test("Syncs ahead of the answers to what came before are requests of their own", async () => {
  client.send(query("SELECT pg_sleep(0.05)"), sync(), sync(), query("SELECT 2"), sync());
  for (const answer of ["TDCZ", "Z", "Z", "TDCZ", "Z"]) expect(types(await client.until("Z"))).toBe(answer);
  expect(await parities(5)).toEqual(Array(5).fill("match"));
});

test("Flush alone is no request: the session stays idle", async () => {
  client.send(flush(), flush());
  expect(await parities(0)).toEqual([]);
});

test("CopyData, CopyDone and CopyFail outside a COPY are no requests, and PostgreSQL ignores them", async () => {
  client.send(copyData(Buffer.from("1\n")), copyDone(), copyFail("what"));
  expect(await parities(0)).toEqual([]);
});
