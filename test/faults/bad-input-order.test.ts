import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { RawClient } from "../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../helpers/inline-proxy.ts";
import {
  copyData,
  copyDone,
  describe as describeMessage,
  flush,
  frame,
  parse,
  query,
  sync,
} from "../helpers/messages.ts";
import { expectNothingLeft } from "./nothing-left.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("bad_order");
  await database.onBoth("CREATE TABLE numbers (id int)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const startMirrored = (): Promise<InlineProxy> =>
  startInlineProxy(mirrorTables(database.primary, database.mirror, { timeout_ms: 500 }));
const login = (proxy: InlineProxy): Promise<RawClient> =>
  RawClient.login(proxy, { user: "postgres", database: database.name });
const shown = (outcome: Outcome): string =>
  outcome.kind === "mirrored" ? outcome.parity : outcome.kind === "errored" ? outcome.category : outcome.reason;

describe.concurrent("what PostgreSQL answers with fewer ReadyForQuery than one might count", () => {
  test("a Query behind a failed extended message is thrown away with it, up to the Sync", async () => {
    await using proxy = await startMirrored();
    await using client = await login(proxy);
    const frames = await client.exchange(parse("", "SELEC"), query("SELECT 1"), sync());
    expect(frames.map(({ type }) => type)).toEqual(["E", "Z"]);
    for (let n = 0; n < 3; n++) await client.exchange(query("SELECT 2"));
    expect((await proxy.outcomes(4)).map(shown)).toEqual(["both_failed", "match", "match", "match"]);
    await client[Symbol.asyncDispose]();
    await expectNothingLeft(proxy);
  });

  test("a FunctionCall behind a failed extended message is thrown away with it, up to the Sync", async () => {
    await using proxy = await startMirrored();
    await using client = await login(proxy);
    await client.exchange(parse("", "SELEC"), frame("F"), sync());
    for (let n = 0; n < 3; n++) await client.exchange(query("SELECT 2"));
    expect((await proxy.outcomes(4)).map(shown)).toEqual(["both_failed", "match", "match", "match"]);
    await client[Symbol.asyncDispose]();
    await expectNothingLeft(proxy);
  });

  test("Sync and Flush inside of a simple COPY are ignored", async () => {
    await using proxy = await startMirrored();
    await using client = await login(proxy);
    const row = copyData(Buffer.from("1\n"));
    await client.exchange(query("COPY numbers FROM STDIN"), sync(), flush(), row, copyDone());
    for (let n = 0; n < 3; n++) await client.exchange(query("SELECT 2"));
    expect((await proxy.outcomes(4)).map(shown)).toEqual(["match", "match", "match", "match"]);
    await client[Symbol.asyncDispose]();
    await expectNothingLeft(proxy);
  });
});

describe.concurrent("what both sides refuse alike is no error of the mirror", () => {
  test("a message of an unknown type ends both sessions", async () => {
    await using proxy = await startMirrored();
    await using client = await login(proxy);
    client.send(frame("?"), query("SELECT 1"));
    await client.closed();
    await expectNothingLeft(proxy);
    const { seen } = await proxy.tally(0);
    const outcomes = await proxy.outcomes(seen);
    expect(outcomes.filter(({ kind }) => kind === "errored")).toEqual([]);
  });

  test.each(["SELEC", "SELECT * FROM nowhere"])(
    "a statement that could not be prepared (%s) and is used all the same, in one pipeline, is not prepared by pgsoak",
    async (sql) => {
      await using proxy = await startMirrored();
      await using client = await login(proxy);
      client.send(parse("a", sql), sync(), describeMessage("S", "a"), sync());
      await client.until("Z");
      await client.until("Z");
      expect((await proxy.outcomes(2)).map(shown)).toEqual(["both_failed", "both_failed"]);
    },
  );

  test("a statement that is there already and is prepared again in vain is not forgotten", async () => {
    await using proxy = await startMirrored();
    await using client = await login(proxy);
    for (let n = 0; n < 4; n++) await client.exchange(parse("a", "SELECT 1"), sync());
    expect((await proxy.outcomes(4)).map(shown)).toEqual(["match", "both_failed", "both_failed", "both_failed"]);
  });
});
