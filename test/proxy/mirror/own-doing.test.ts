import { afterAll, beforeAll, expect, test } from "vitest";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase, withClient } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("own_doing");
  await database.onBoth("CREATE TABLE item (id int); CREATE SCHEMA aside");
  await database.onPrimary("CREATE TABLE only_here (id int)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const login = (proxy: { host: string; port: number }) =>
  RawClient.login(proxy, { user: "postgres", database: database.name });
const simple = (...statements: readonly string[]): Buffer[][] => statements.map((sql) => [query(sql)]);
const use = (name: string, ...values: string[]): Buffer[] => [bind("", name, values), execute(""), sync()];
const endOf = (outcome: Outcome): string => {
  if (outcome.kind === "mirrored") return outcome.parity;
  return outcome.kind === "errored" ? `${outcome.category} ${outcome.sqlstate}` : outcome.reason;
};

/** How the requests end; the connection to the mirror is cut once behind `cutBehind` of them. */
async function endsOf(
  requests: readonly (readonly Buffer[])[],
  cutBehind = 0,
  options: Parameters<typeof mirrorTables>[2] = {},
): Promise<string[]> {
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network, options));
  await using raw = await login(proxy);
  for (const [index, messages] of requests.entries()) {
    if (index === cutBehind && index > 0) {
      await proxy.outcomes(index);
      network.cut();
      await waitFor(() => network.open === 0);
    }
    await raw.exchange(...messages);
  }
  const { skipped } = await proxy.tally(requests.length);
  const missed = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  return (await proxy.outcomes(requests.length - missed)).map(endOf);
}

test("a name that was parsed by a request which ran over its time can be used afterwards", async () => {
  await withClient({ ...database.mirror, user: "postgres" }, async (locker) => {
    await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, { timeout_ms: 300 }));
    await using raw = await login(proxy);
    await locker.query("BEGIN; SELECT pg_advisory_xact_lock(4711)");
    await raw.exchange(parse("S_1", "SELECT pg_advisory_xact_lock(4711)"), bind("", "S_1"), execute(""), sync());
    await proxy.outcomes(1);
    await locker.query("ROLLBACK");
    for (let n = 0; n < 3; n++) await raw.exchange(...use("S_1"));
    expect((await proxy.outcomes(4)).map(endOf)).toEqual(["timeout ", "match", "match", "match"]);
  });
});

test("a SET that brought a name with it brings it to a new connection only once", async () => {
  const set = [parse("S_2", "SET application_name = 'x'"), bind("", "S_2"), execute(""), sync()];
  expect(await endsOf([set, use("S_2"), use("S_2")], 1)).toEqual(["match", "match", "match"]);
  const init = simple("SET lock_timeout = 0; PREPARE getit AS SELECT 1", "EXECUTE getit", "EXECUTE getit");
  const ends = await endsOf(init, 1);
  expect(ends).toEqual(["match", "match", "match"]);
});

test("a statement whose table is gone can be deallocated on a new connection", async () => {
  await database.onBoth("CREATE TABLE doomed (id int)");
  const requests = simple("PREPARE d AS SELECT * FROM doomed", "DROP TABLE doomed", "DEALLOCATE d");
  expect(await endsOf(requests, 2)).toEqual(["match", "match", "match"]);
});

test("a statement that an error saves from being deallocated on a new connection means there what it meant", async () => {
  const prepare = [parse("S_3", "SELECT $1::int"), sync()];
  const inTheWay = [
    query('SELECT 1/0; DEALLOCATE "S_3"'),
    Buffer.concat([
      parse("", "SELECT 1/0"),
      bind("", ""),
      execute(""),
      parse("", 'DEALLOCATE "S_3"'),
      bind("", ""),
      execute(""),
      sync(),
    ]),
  ];
  for (const saved of inTheWay) {
    expect(await endsOf([prepare, [saved], use("S_3", "7"), use("S_3")], 1)).toEqual([
      "match",
      "both_failed",
      "match",
      "both_failed",
    ]);
  }
});

test("the unnamed statement survives DEALLOCATE ALL and DISCARD ALL, as it does on the server", async () => {
  for (const all of ["DEALLOCATE ALL", "DISCARD ALL"]) {
    const named = [parse("S_4", "SELECT 1"), sync()];
    const unnamed = [parse("", all), bind("", ""), execute(""), sync()];
    expect(await endsOf([named, unnamed, use("")], 2)).toEqual(["match", "match", "match"]);
    expect(await endsOf([named, unnamed, use("S_4")], 2)).toEqual(["match", "match", "both_failed"]);
  }
});

test("a setting by a statement that was prepared before is restored, and hides no failure of the candidate", async () => {
  const prepare = [parse("t", "SELECT set_config('app.tenant', $1, false)"), sync()];
  const requests = [
    prepare,
    use("t", "7"),
    ...simple("SELECT current_setting('app.tenant')", "SELECT * FROM only_here"),
  ];
  expect(await endsOf(requests, 2)).toEqual(["match", "match", "match", "query 42P01"]);
});

test("a temporary table that ends with its transaction leaves nothing that the session lacks", async () => {
  const transaction = simple("BEGIN", "CREATE TEMP TABLE scratch ON COMMIT DROP AS SELECT 1 AS id", "COMMIT");
  const requests = [...transaction, ...simple("SELECT 1", "SELECT * FROM only_here")];
  expect((await endsOf(requests, 3)).at(-1)).toBe("query 42P01");
});

test("what the candidate refuses is its own doing, and so is what it lacks afterwards", async () => {
  const requests = simple("CREATE TEMP TABLE copy_of AS SELECT * FROM only_here", "SELECT * FROM only_here");
  expect(await endsOf(requests)).toEqual(["query 42P01", "query 42P01"]);
});

test("a SET in a filtered transaction that the primary rolled back is not on the mirror", async () => {
  const transaction = simple("BEGIN", "SET search_path = aside", "UPDATE public.item SET id = id", "ROLLBACK");
  const requests = [...simple("SELECT 1"), ...transaction, ...simple("SELECT * FROM item")];
  expect(await endsOf(requests, 0, { level: "reads" })).toEqual(["match", "match"]);
});

test("a SET in a filtered transaction that the primary committed is", async () => {
  const transaction = simple("BEGIN", "SET search_path = aside", "UPDATE public.item SET id = id", "COMMIT");
  const requests = [...simple("SELECT 1"), ...transaction, ...simple("SELECT * FROM item")];
  expect(await endsOf(requests, 0, { level: "reads" })).toEqual(["match", "both_failed"]);
});

test("a temporary table with a name in any letters is not sampled out", async () => {
  const requests = simple("CREATE TEMP TABLE Größe (id int)", "INSERT INTO Größe VALUES (1)", "TABLE Größe");
  expect(await endsOf(requests, 0, { exposure: 0 })).toEqual(["match", "match", "match"]);
});
