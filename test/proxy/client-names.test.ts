import { afterAll, beforeAll, expect, test } from "vitest";
import * as fc from "fast-check";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { RawClient } from "../helpers/frames.ts";
import { startInlineProxy } from "../helpers/inline-proxy.ts";
import { bind, close, execute, parse, query, sync } from "../helpers/messages.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("client_names");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const TEXTS = [
  "PREPARE a AS PREPARE b AS SELECT 1",
  "PREPARE a",
  "PREPARE a AS EXECUTE a",
  "PREPARE b (int) AS SELECT $1; PREPARE b AS SELECT 2",
  "EXECUTE b(1)",
  "DEALLOCATE a",
  "DEALLOCATE ALL",
  "SELECT 1; DISCARD ALL",
  `PREPARE long AS SELECT 1 /*${"x".repeat(70_000)}*/`,
  `/*${"x".repeat(70_000)}*/ PREPARE long AS SELECT 1`,
];

const name = fc.constantFrom("", "a", "b", "long");
const text = fc.constantFrom(...TEXTS);
const message = fc.oneof(
  text.map((sql) => query(sql)),
  fc.tuple(name, text).map(([as, sql]) => parse(as, sql)),
  name.map((of) => bind("", of)),
  fc.constant(execute("")),
  name.map((of) => close("S", of)),
  fc.constant(sync()),
);

test("whatever is prepared in whatever order, the thread lives, and each request ends alike on both sides", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, { queue_length: 1000 }));
  let sessions = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
      await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
      raw.send(...messages, sync(), query("SELECT 'the end'"));
      for (let last = ""; !last.includes("the end");) {
        last = (await raw.until("Z")).map(({ body }) => body.toString("latin1")).join("");
      }
      sessions++;
    }),
    { numRuns: 40 },
  );
  const errored = await proxy.eventsOf("errored");
  expect(errored).toEqual([]);
  expect(sessions).toBeGreaterThan(0);
}, 60_000);
