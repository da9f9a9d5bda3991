// Every message type, said to PostgreSQL directly and through pgsoak: what is heard is the same, byte for byte.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { CONDITIONS, type Conditions, startConditions } from "./conditions.ts";
import { type Heard, hear } from "./hear.ts";
import { FIXTURE, SCRIPTS, SCRIPTS_BY_BYTE } from "./scripts.ts";

let database: TestDatabase;
let ways: Conditions;
const direct = new Map<string, Heard>();

beforeAll(async () => {
  database = await createDatabase("transparency");
  await database.onBoth(FIXTURE);
  ways = await startConditions(database.primary, database.mirror);
  for (const script of SCRIPTS) direct.set(script.name, await hear(ways.direct, script, { database: database.name }));
});

afterAll(async () => {
  await ways[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

test.each(SCRIPTS)("$name: the same in two direct runs, or no comparison would mean anything", async (script) => {
  expect(await hear(ways.direct, script, { database: database.name })).toEqual(direct.get(script.name));
});

describe.each(CONDITIONS)("with the mirror %s", (condition) => {
  test.each(SCRIPTS)("$name: the same as directly", async (script) => {
    const heard = await hear(ways.through(condition), script, { database: database.name });
    expect(heard).toEqual(direct.get(script.name));
  });
});

describe.each(["off", "on"] as const)("byte by byte, with the mirror %s", (condition) => {
  test.each(SCRIPTS_BY_BYTE)("$name: the same as directly in one piece", async (script) => {
    const heard = await hear(ways.through(condition), script, { database: database.name, byteByByte: true });
    expect(heard).toEqual(direct.get(script.name));
  });
});
