// Two drivers with minds of their own do through pgsoak what they do directly: node-postgres and postgres.js.

import { Client, type QueryResult } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { CONDITIONS, type Conditions, startConditions, type Target } from "./conditions.ts";
import { FIXTURE } from "./scripts.ts";

let database: TestDatabase;
let ways: Conditions;

beforeAll(async () => {
  database = await createDatabase("drivers");
  await database.onBoth(FIXTURE);
  ways = await startConditions(database.primary, database.mirror);
});

afterAll(async () => {
  await ways[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const shown = ({ command, rowCount, rows, fields }: QueryResult): unknown => ({ command, rowCount, rows, fields });
/** All that an error carries but where it was made. */
const failure = (error: unknown): unknown =>
  error instanceof Error ? Object.fromEntries([["message", error.message], ...Object.entries(error)]) : error;

async function nodePostgres({ host, port }: Target): Promise<unknown[]> {
  const client = new Client({ host, port, user: "postgres", database: database.name, application_name: "pg" });
  const heard: unknown[] = [];
  client.on("notice", ({ severity, code, message, detail, hint }) =>
    heard.push({ severity, code, message, detail, hint }),
  );
  const notified = new Promise((resolve) =>
    client.on("notification", ({ channel, payload }) => resolve({ channel, payload })),
  );
  await client.connect();
  try {
    heard.push(shown(await client.query("SELECT * FROM item ORDER BY id LIMIT 5")));
    heard.push(shown(await client.query("SELECT $1::int + $2::int AS sum, $3::text AS t", [1, 2, "naïve 🐘"])));
    for (const id of [1, 2, 3]) {
      heard.push(shown(await client.query({ name: "by-id", text: "SELECT * FROM item WHERE id = $1", values: [id] })));
    }
    heard.push(shown(await client.query({ text: "SELECT id FROM item", rowMode: "array" })));
    heard.push(await client.query("SELECT complain($1)", ["pg"]).catch(failure));
    await client.query("BEGIN");
    heard.push(await client.query("SELECT 1/0").catch(failure));
    heard.push(await client.query("SELECT 1").catch(failure));
    await client.query("ROLLBACK");
    const all = await Promise.all([1, 2, 3].map((n) => client.query("SELECT $1::int AS n", [n])));
    heard.push(all.map((result) => shown(result)));
    await client.query("LISTEN drivers; NOTIFY drivers, 'heard'");
    heard.push(await notified);
    return heard;
  } finally {
    await client.end();
  }
}

async function postgresJs({ host, port }: Target): Promise<unknown[]> {
  const notices: unknown[] = [];
  const sql = postgres({
    host,
    port,
    user: "postgres",
    database: database.name,
    max: 3,
    onnotice: ({ severity, code, message }) => notices.push({ severity, code, message }),
  });
  const heard: unknown[] = [];
  try {
    heard.push([...(await sql`SELECT * FROM item ORDER BY id LIMIT 5`)]);
    heard.push([...(await sql`SELECT ${1}::int + ${2}::int AS sum, ${"naïve 🐘"}::text AS t`)]);
    heard.push(
      (await Promise.all(Array.from({ length: 20 }, (_, n) => sql`SELECT ${n}::int AS n`))).map((rows) => [...rows]),
    );
    heard.push(await sql`SELECT complain(${"postgres.js"})`.catch(failure));
    heard.push(
      await sql
        .begin(async (inside) => {
          await inside`INSERT INTO scratch VALUES (1, 'one')`;
          heard.push([...(await inside`SELECT * FROM scratch`)]);
          await inside.savepoint((deeper) => deeper`SELECT 1/0`).catch((error: unknown) => heard.push(failure(error)));
          throw new Error("roll back");
        })
        .catch(failure),
    );
    const ids: unknown[] = [];
    await sql`SELECT id FROM item ORDER BY id`.cursor(70, (rows) => {
      ids.push(rows.map((row) => row["id"]));
    });
    heard.push(ids);
    heard.push((await sql.unsafe("SELECT 1 AS a; SELECT 2 AS b")).map((rows) => [...rows]));
    const copied: Buffer[] = [];
    const readable = await sql`COPY (SELECT id, name FROM item WHERE id < 50) TO STDOUT`.readable();
    for await (const chunk of readable) copied.push(chunk);
    heard.push(Buffer.concat(copied).toString());
    const { promise, resolve } = Promise.withResolvers<string>();
    await sql.listen("drivers", resolve);
    await sql.notify("drivers", "heard");
    heard.push(await promise);
    return [...heard, notices];
  } finally {
    await sql.end();
  }
}

describe.each([
  { driver: "node-postgres", talk: nodePostgres },
  { driver: "postgres.js", talk: postgresJs },
])("$driver", ({ talk }) => {
  test.each(CONDITIONS)("hears the same with the mirror %s as directly", async (condition) => {
    const direct = await talk(ways.direct);
    expect(direct.length).toBeGreaterThan(8);
    expect(await talk(ways.through(condition))).toEqual(direct);
  });
});
