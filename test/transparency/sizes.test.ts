// What is large passes as it is: queries, parameters, rows and COPY data of 16 MB.

import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { bind, copyData, copyDone, execute, parse, query, sync } from "../helpers/messages.ts";
import { type Conditions, startConditions } from "./conditions.ts";
import { type Heard, hear, type Script } from "./hear.ts";

const SIZE = 16_000_000;
const TEXT = randomBytes(SIZE / 2).toString("hex");

const SCRIPTS: readonly Script[] = [
  { name: "a query", talk: (client) => client.exchange(query(`SELECT md5('${TEXT}')`)) },
  {
    name: "a parameter and a row",
    talk: (client) => client.exchange(parse("", "SELECT $1 || ''"), bind("", "", [TEXT]), execute(""), sync()),
  },
  {
    name: "many rows",
    talk: (client) => client.exchange(query("SELECT n, repeat('x', 1000) FROM generate_series(1, 16000) AS n")),
  },
  {
    name: "COPY in and out, in messages small and large",
    talk: async (client) => {
      await client.exchange(query("BEGIN; CREATE TEMP TABLE t (x text)"));
      client.send(query("COPY t FROM STDIN"));
      await client.until("G");
      const line = Buffer.from(`${TEXT.slice(0, 500)}\n`);
      for (let n = 0; n < 500; n++) client.send(copyData(line));
      client.send(copyData(Buffer.from(`${TEXT}\n`)));
      await client.exchange(copyDone());
      await client.exchange(query("COPY t TO STDOUT"));
    },
  },
];

let database: TestDatabase;
let ways: Conditions;
const direct = new Map<string, string>();

/** What was heard in one line: frames of this size are no use in a message of a test that fails. */
function digest({ frames, end }: Heard): string {
  const hash = createHash("sha256");
  for (const { type, body } of frames) hash.update(type).update(body);
  return `${frames.length} frames, ${end}, ${hash.digest("hex")}`;
}

beforeAll(async () => {
  database = await createDatabase("sizes");
  ways = await startConditions(database.primary, database.mirror);
  for (const script of SCRIPTS)
    direct.set(script.name, digest(await hear(ways.direct, script, { database: database.name })));
}, 60_000);

afterAll(async () => {
  await ways[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

describe.each(["off", "on", "hung"] as const)("with the mirror %s", (condition) => {
  test.each(SCRIPTS)("$name of 16 MB: the same as directly", async (script) => {
    const heard = digest(await hear(ways.through(condition), script, { database: database.name }));
    expect(heard).toBe(direct.get(script.name));
  });
});
