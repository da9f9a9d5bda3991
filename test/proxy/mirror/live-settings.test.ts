import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("live_settings");
  await database.onBoth("CREATE TABLE item (id int); INSERT INTO item VALUES (1)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const start = (mirroring = {}) => startInlineProxy(mirrorTables(database.primary, database.mirror, mirroring));
const login = (proxy: InlineProxy) => RawClient.login(proxy, { user: "postgres", database: database.name });
const endOf = (outcome: Outcome): string => (outcome.kind === "mirrored" ? outcome.parity : outcome.kind);

describe("a mirroring that is paused", () => {
  test("skips what begins, finishes the transaction that had begun, and goes on when it is resumed", async () => {
    await using proxy = await start();
    await using raw = await login(proxy);
    await raw.exchange(query("BEGIN"));
    await raw.exchange(query("SELECT id FROM item"));
    await proxy.apply({}, { paused: true });
    await raw.exchange(query("SELECT id + 1 FROM item"));
    await raw.exchange(query("COMMIT"));
    await raw.exchange(query("SELECT 1"));
    await raw.exchange(query("BEGIN; SELECT 2"));
    await proxy.apply({}, { paused: false });
    // Its transaction had begun while the mirroring was paused.
    await raw.exchange(query("COMMIT"));
    await raw.exchange(query("SELECT 3"));
    expect((await proxy.outcomes(5)).map(endOf)).toEqual(["match", "match", "match", "match", "match"]);
    expect(await proxy.tally(8)).toEqual({ seen: 8, skipped: { paused: 3 } });
  });

  test("learns on resuming what clients have set and prepared meanwhile", async () => {
    await using proxy = await start();
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT 1"));
    await proxy.apply({}, { paused: true });
    await raw.exchange(query("SET soak.pause = '7'"));
    await raw.exchange(parse("kept", "SELECT id FROM item"), sync());
    await proxy.apply({}, { paused: false });
    await raw.exchange(query("SELECT current_setting('soak.pause')::int"));
    await raw.exchange(bind("", "kept"), execute(""), sync());
    expect((await proxy.outcomes(3)).map(endOf)).toEqual(["match", "match", "match"]);
    expect((await proxy.tally(5)).skipped).toEqual({ paused: 2 });
  });

  test("loses no request from the books, whenever it is paused and resumed", async () => {
    await using proxy = await start();
    const clients = await Promise.all([login(proxy), login(proxy), login(proxy)]);
    const rounds = 60;
    const work = clients.map(async (raw) => {
      for (let round = 0; round < rounds; round++) {
        if (round % 3 === 0) {
          await raw.exchange(query("BEGIN"));
          await raw.exchange(query("SELECT id FROM item"));
          await raw.exchange(query("COMMIT"));
        } else {
          await raw.exchange(query("SELECT 1"));
        }
      }
    });
    const pausing = (async () => {
      for (let pause = 0; pause < 15; pause++) await proxy.apply({}, { paused: pause % 2 === 0 });
    })();
    await Promise.all([...work, pausing]);
    const seen = clients.length * ((rounds / 3) * 3 + (rounds * 2) / 3);
    const tally = await proxy.tally(seen);
    expect(tally.seen).toBe(seen);
    const outcomes = await proxy.outcomes(seen - (tally.skipped["paused"] ?? 0));
    expect(outcomes.length + (tally.skipped["paused"] ?? 0)).toBe(seen);
    expect(new Set(outcomes.map(endOf))).toEqual(new Set(["match"]));
    for (const raw of clients) await raw[Symbol.asyncDispose]();
  });
});

describe("a setting that changes while sessions are open", () => {
  test("holds for the next transaction, not for the one that has begun", async () => {
    await using proxy = await start();
    await using raw = await login(proxy);
    await raw.exchange(query("BEGIN"));
    await raw.exchange(query("INSERT INTO item VALUES (2)"));
    await proxy.apply({ level: "reads" });
    await raw.exchange(query("INSERT INTO item VALUES (3)"));
    await raw.exchange(query("COMMIT"));
    await raw.exchange(query("INSERT INTO item VALUES (4)"));
    await raw.exchange(query("SELECT 1"));
    expect((await proxy.outcomes(5)).map(endOf)).toEqual(["match", "match", "match", "match", "match"]);
    expect((await proxy.tally(6)).skipped).toEqual({ filter: 1 });
  });

  test("judges statements anew that another filter has judged", async () => {
    await using proxy = await start({ exclude_statements: ["item"] });
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT count(*) FROM item"));
    await proxy.apply({ statements: { include: [], exclude: ["pg_class"] } });
    await raw.exchange(query("SELECT count(*) FROM item"));
    await raw.exchange(query("SELECT 1 FROM pg_class LIMIT 0"));
    await proxy.outcomes(1);
    expect(await proxy.tally(3)).toEqual({ seen: 3, skipped: { filter: 2 } });
  });

  test("lets a session in that was excluded, and another out", async () => {
    await using proxy = await start({ exclude_users: ["postgres"] });
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT 1"));
    await proxy.apply({ users: { include: [], exclude: [] } });
    await raw.exchange(query("SELECT 2"));
    await proxy.apply({ exposure: 0 });
    await raw.exchange(query("SELECT 3"));
    await proxy.outcomes(1);
    expect(await proxy.tally(3)).toEqual({ seen: 3, skipped: { filter: 1, exposure: 1 } });
  });

  test("compares contents from the next request on", async () => {
    await using proxy = await start();
    await using raw = await login(proxy);
    const differs = query("SELECT count(*) FROM pg_proc");
    await raw.exchange(differs);
    await proxy.apply({ compare: "content" });
    await raw.exchange(differs);
    await proxy.apply({ compare: "off" });
    await raw.exchange(differs);
    expect((await proxy.outcomes(3)).map(endOf)).toEqual(["match", "different_content", "unverifiable"]);
  });
});
