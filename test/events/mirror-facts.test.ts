import { expect, test } from "vitest";
import { z } from "zod";
import { MIRROR_FACTS_SQL } from "../../src/events/mirror-facts.ts";
import { createDatabase, withClient } from "../helpers/clusters.ts";

const rowSchema = z.object({ name: z.string(), setting: z.string(), scope: z.enum(["server", "database"]) });

type Connection = Parameters<typeof withClient>[0];

async function factsOf(connection: Connection): Promise<Map<string, string>> {
  const { rows } = await withClient(connection, (client) => client.query(MIRROR_FACTS_SQL));
  return new Map(
    rows.map((row) => rowSchema.parse(row)).map(({ name, setting, scope }) => [`${scope} ${name}`, setting]),
  );
}

test("both versions of PostgreSQL say who they are, for the server and for the database", async () => {
  await using database = await createDatabase("facts");
  const [old, candidate] = [await factsOf(database.primary), await factsOf(database.mirror)];
  expect(old.get("server server_version")).toMatch(/^16\./);
  expect(candidate.get("server server_version")).toMatch(/^18/);
  for (const facts of [old, candidate]) {
    for (const name of [
      "TimeZone",
      "DateStyle",
      "jit",
      "random_page_cost",
      "shared_preload_libraries",
      "server_encoding",
    ])
      expect([...facts.keys()]).toContain(`server ${name}`);
    expect(facts.get("database encoding")).toBe("UTF8");
    expect(facts.get("database settings")).toBe("");
    expect(facts.has("database lc_collate")).toBe(true);
  }
});

test("what a client or a role has set for its session says nothing about the server", async () => {
  await using database = await createDatabase("facts");
  const plain = await factsOf(database.mirror);
  await using _role = await temporaryRole(database.mirror);
  const facts = await factsOf({ ...database.mirror, user: "facts_role", options: "-c random_page_cost=9" });
  expect(facts.has("server TimeZone")).toBe(false);
  expect(facts.has("server random_page_cost")).toBe(false);
  for (const [name, value] of facts) expect([name, plain.get(name)]).toEqual([name, value]);
});

test("what ALTER DATABASE sets is a fact of the database", async () => {
  await using database = await createDatabase("facts");
  await database.onMirror(`ALTER DATABASE ${database.name} SET jit = off`);
  const facts = await factsOf(database.mirror);
  expect(facts.get("database settings")).toBe("jit=off");
  expect(facts.has("server jit")).toBe(false);
});

async function temporaryRole(connection: Connection): Promise<AsyncDisposable> {
  const drop = "DROP ROLE IF EXISTS facts_role";
  await withClient(connection, async (client) => {
    await client.query(drop);
    await client.query("CREATE ROLE facts_role LOGIN");
    await client.query("ALTER ROLE facts_role SET TimeZone = 'Asia/Tokyo'");
  });
  return { [Symbol.asyncDispose]: () => withClient(connection, async (client) => void (await client.query(drop))) };
}
