import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { FakeServer, relayTo } from "../../helpers/fake-server.ts";
import { RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, close, execute, parse, query, sync } from "../../helpers/messages.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("names");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const first = [parse("s", "SELECT 1"), sync()];
const use = [bind("", "s"), execute(""), sync()];
const failing = [parse("", "SELECT 1/0"), bind("", ""), execute("")];

/** How the requests end on the mirror, nothing being sampled out. */
async function endsOf(...requests: readonly (readonly Buffer[])[]): Promise<string[]> {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  for (const messages of requests) await raw.exchange(...messages);
  return (await proxy.outcomes(requests.length)).map((outcome) => {
    if (outcome.kind === "mirrored") return outcome.parity;
    return outcome.kind === "errored" ? `${outcome.category} ${outcome.sqlstate}` : outcome.reason;
  });
}

test("a name that is deallocated and used again in one pipeline is refused on both sides", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  const requests = [first, use, [query("DEALLOCATE s")], use, first, [close("S", "s"), sync()], use];
  raw.send(...requests.flat());
  for (const _ of requests) await raw.until("Z");
  const parities = (await proxy.outcomes(requests.length)).map(
    (outcome) => outcome.kind === "mirrored" && outcome.parity,
  );
  expect(parities).toEqual(["match", "match", "match", "both_failed", "match", "match", "both_failed"]);
});

describe("a prepared statement keeps its name", () => {
  test("when it is parsed again and again, which the primary refuses", async () => {
    const again = [parse("s", "SELECT 2"), sync()];
    expect(await endsOf(first, again, again, use)).toEqual(["match", "both_failed", "both_failed", "match"]);
  });

  test("when it is parsed again and bound in the same request, which the primary refuses", async () => {
    const again = [parse("s", "SELECT 2"), bind("", "s"), execute(""), sync()];
    expect(await endsOf(first, again, use)).toEqual(["match", "both_failed", "match"]);
  });

  test("when another is parsed again and this one bound in the same request, which the primary refuses", async () => {
    const other = [parse("t", "SELECT 1"), sync()];
    const again = [parse("t", "SELECT 2"), bind("", "s"), execute(""), sync()];
    expect(await endsOf(other, again, again, first, again, use)).toEqual([
      "match",
      "both_failed",
      "both_failed",
      "match",
      "both_failed",
      "match",
    ]);
  });

  test("when its Close stands behind an error and is skipped", async () => {
    expect(await endsOf(first, [...failing, close("S", "s"), sync()], use)).toEqual(["match", "both_failed", "match"]);
  });

  test("when its Close and a new Parse stand behind an error and are skipped", async () => {
    const skipped = [...failing, close("S", "s"), parse("s", "SELECT 2"), sync()];
    expect(await endsOf(first, skipped, use)).toEqual(["match", "both_failed", "match"]);
  });

  test("when its DEALLOCATE stands behind an error", async () => {
    const skipped = [query("SELECT 1/0; DEALLOCATE s")];
    expect(await endsOf(first, skipped, use, use)).toEqual(["match", "both_failed", "match", "match"]);
  });

  test("when DISCARD ALL and DEALLOCATE are refused in a transaction", async () => {
    const refused = ["BEGIN", "DISCARD ALL", "DEALLOCATE ALL", "DEALLOCATE s", "ROLLBACK"].map((sql) => [query(sql)]);
    const ends = await endsOf(first, ...refused, use);
    expect(ends).toEqual(["match", "match", "both_failed", "both_failed", "both_failed", "match", "match"]);
  });
});

test("a statement whose teaching was cut short is taught again on the next connection", async () => {
  let cuts = 0;
  const cutOnce = relayTo(database.mirror, (peer, { type }) => {
    if (type !== "P" || cuts > 0) return false;
    cuts++;
    peer.socket.destroy();
    return true;
  });
  await using mirror = await FakeServer.start(cutOnce);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, mirror, { exposure: 0 }));
  await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  await raw.exchange(...first);
  await raw.exchange(query("DEALLOCATE s"));
  expect(await proxy.outcomes(1)).toMatchObject([{ kind: "mirrored", parity: "match" }]);
  expect(cuts).toBe(1);
});

test("what a client left unanswered still runs on the mirror", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  const raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  await raw.exchange(...first);
  raw.send(query("SELECT pg_sleep(0.3)"), ...use, ...use);
  await raw[Symbol.asyncDispose]();
  const outcomes = await proxy.outcomes(4);
  expect(outcomes.slice(1).every((outcome) => outcome.kind === "mirrored")).toBe(true);
});

test("a statement that PREPARE made can be bound and executed by messages, sampled out or not", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, { exposure: 0.5 }));
  await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  const rounds = 20;
  for (let round = 0; round < rounds; round++) {
    await raw.exchange(query("SELECT 1; PREPARE p (int) AS SELECT $1; PREPARE q AS SELECT 1"));
    await raw.exchange(bind("", "q"), execute(""), sync());
    await raw.exchange(query("EXECUTE p(1)"));
    await raw.exchange(query("DEALLOCATE q; DEALLOCATE p"));
  }
  const { skipped } = await proxy.tally(4 * rounds);
  const outcomes = await proxy.outcomes(4 * rounds - (skipped["exposure"] ?? 0));
  expect(new Set(outcomes.map((outcome) => outcome.kind === "mirrored" && outcome.parity))).toEqual(new Set(["match"]));
});
