import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, close, describe as describeStatement, execute, parse, query, sync } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("renewal");
  await database.onBoth("CREATE TABLE item (id int); CREATE SCHEMA aside; CREATE TABLE aside.shelf (id int)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** How `after` ends on the mirror, when the connection to it was cut between `before` and `after`. */
async function renewedBetween(before: readonly Buffer[][], after: readonly Buffer[][]): Promise<string[]> {
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network));
  await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  for (const messages of before) await raw.exchange(...messages);
  await proxy.outcomes(before.length);
  network.cut();
  await waitFor(() => network.open === 0);
  for (const messages of after) await raw.exchange(...messages);
  const outcomes = await proxy.outcomes(before.length + after.length);
  return outcomes.slice(before.length).map((outcome) => {
    if (outcome.kind === "mirrored") return outcome.parity;
    return outcome.kind === "errored" ? `${outcome.category} ${outcome.sqlstate}` : outcome.reason;
  });
}

const simple = (...statements: readonly string[]): Buffer[][] => statements.map((sql) => [query(sql)]);
const failing = [parse("", "SELECT 1/0"), bind("", ""), execute("")];
const use = [bind("", "s"), execute(""), sync()];

describe("a mirror connection that was renewed knows", () => {
  test("what was prepared by SQL in a transaction that was rolled back, which does not undo it", async () => {
    const before = simple("BEGIN", "PREPARE p AS SELECT 1", "ROLLBACK");
    expect(await renewedBetween(before, simple("EXECUTE p"))).toEqual(["match"]);
  });

  test("a statement of the protocol that is executed by SQL", async () => {
    const before = [[parse("s", "SELECT 1"), sync()]];
    expect(await renewedBetween(before, simple("EXECUTE s"))).toEqual(["match"]);
  });

  test("a statement whose Close was skipped behind an error", async () => {
    const before = [
      [parse("s", "SELECT 1"), sync()],
      [...failing, close("S", "s"), sync()],
    ];
    expect(await renewedBetween(before, [use])).toEqual(["match"]);
  });

  test("settings that a DISCARD ALL which was only prepared has not touched", async () => {
    const discard = [parse("", "DISCARD ALL"), describeStatement("S", ""), sync()];
    const before = [...simple("SET search_path = aside"), discard];
    expect(await renewedBetween(before, simple("SELECT id FROM shelf"))).toEqual(["match"]);
  });

  test("that it can't know of settings that were committed in a request which failed afterwards", async () => {
    const before = simple("BEGIN; SET search_path = aside; COMMIT; SELECT 1/0");
    expect(await renewedBetween(before, simple("SELECT id FROM shelf"))).toEqual(["unverifiable"]);
  });

  test("nothing of settings that were undone by ROLLBACK TO", async () => {
    const before = simple("BEGIN", "SAVEPOINT a", "SET search_path = nowhere_at_all", "ROLLBACK TO a", "COMMIT");
    expect(await renewedBetween(before, simple("SELECT id FROM item"))).toEqual(["match"]);
  });

  test("nothing of settings that were rolled back by one statement of several", async () => {
    const before = simple("BEGIN", "SET search_path = nowhere_at_all", "SELECT 1; ROLLBACK");
    expect(await renewedBetween(before, simple("SELECT id FROM item"))).toEqual(["match"]);
  });

  test("settings that were committed by COMMIT AND CHAIN", async () => {
    const before = simple("BEGIN", "SET search_path = aside", "COMMIT AND CHAIN", "SELECT 1", "ROLLBACK");
    expect(await renewedBetween(before, simple("SELECT id FROM shelf"))).toEqual(["match"]);
  });

  test("a statement with a name that changes a setting, once", async () => {
    const before = [[parse("s", "SET search_path = aside"), sync()]];
    expect(await renewedBetween(before, [use])).toEqual(["match"]);
  });

  test("nothing of what was prepared by SQL and deallocated", async () => {
    const before = simple("PREPARE p AS SELECT 1", "DEALLOCATE p");
    const after = simple("EXECUTE p", "PREPARE p AS SELECT 2", "EXECUTE p");
    expect(await renewedBetween(before, after)).toEqual(["both_failed", "match", "match"]);
  });

  test("all there is to know when a statement was deallocated: a table that only the primary has is no excuse", async () => {
    await database.onPrimary("CREATE TABLE only_here (id int)");
    const before = simple("PREPARE p AS SELECT 1", "DEALLOCATE p");
    expect(await renewedBetween(before, simple("SELECT * FROM only_here"))).toEqual(["query 42P01"]);
  });
});
