// Session-level advisory locks: a mirror connection that was renewed has none, and nothing can bring them back.

import { afterAll, beforeAll, expect, test } from "vitest";
import { MIRROR_SESSIONS_INCOMPLETE } from "../../../src/proxy/gauges.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("advisory_locks");
  await database.onPrimary("CREATE TABLE only_here (id int)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const endOf = (outcome: Outcome): string => (outcome.kind === "mirrored" ? outcome.parity : outcome.kind);

interface Rig extends AsyncDisposable {
  readonly proxy: InlineProxy;
  /** Sends one Query, waits for its outcome and says what it was. */
  ask(sql: string): Promise<string>;
  /** Ends the mirror's connection; the next request renews it. */
  cut(): Promise<void>;
  /** Sends frames that are one request. */
  send(...frames: readonly Buffer[]): Promise<string>;
}

async function open(options = {}): Promise<Rig> {
  const network = await BreakableProxy.to(database.mirror);
  const proxy = await startInlineProxy(mirrorTables(database.primary, network, options));
  const raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
  let sent = 0;
  const send = async (...frames: readonly Buffer[]): Promise<string> => {
    await raw.exchange(...frames);
    const outcomes = await proxy.outcomes(++sent);
    return endOf(outcomes[sent - 1]!);
  };
  return {
    proxy,
    send,
    ask: (sql) => send(query(sql)),
    cut: async () => {
      network.cut();
      await waitFor(() => network.open === 0);
    },
    [Symbol.asyncDispose]: async () => {
      await raw[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

/** What the mirror alone refuses: blamed on it when its session is whole. */
const blamed = (rig: Rig): Promise<string> => rig.ask("SELECT * FROM only_here");

const incomplete = ({ proxy }: Rig): number => proxy.gauges.sumMirroring(0, MIRROR_SESSIONS_INCOMPLETE);

test("locks that were let go leave nothing behind, whatever became of their transactions", async () => {
  await using rig = await open();
  for (const sql of [
    "SELECT pg_advisory_lock(1)",
    "BEGIN",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_advisory_lock_shared(2, 3)",
    "ROLLBACK",
    "SELECT pg_advisory_unlock(1)",
    "SELECT pg_advisory_unlock(1)",
    "SELECT pg_advisory_unlock_shared(2, 3)",
  ]) {
    await rig.ask(sql);
  }
  await rig.cut();
  expect(await blamed(rig)).toBe("errored");
  expect(incomplete(rig)).toBe(0);
});

test("a lock that is held when the mirror's connection is renewed makes the session incomplete until it is let go", async () => {
  await using rig = await open();
  await rig.ask("SELECT pg_advisory_lock(1)");
  await rig.cut();
  expect(await blamed(rig)).toBe("unverifiable");
  await waitFor(() => incomplete(rig) === 1);
  await rig.ask("SELECT pg_advisory_unlock(1)");
  await waitFor(() => incomplete(rig) === 0);
  expect(await blamed(rig)).toBe("errored");
});

test("an unlock that let nothing go counts for none, and pg_advisory_unlock_all() for all", async () => {
  await using rig = await open();
  await rig.ask("SELECT pg_advisory_lock(1)");
  await rig.ask("SELECT pg_advisory_unlock(2)");
  await rig.cut();
  expect(await blamed(rig)).toBe("unverifiable");
  await rig.ask("SELECT pg_advisory_lock(n) FROM generate_series(5, 7) n");
  await rig.ask("SELECT pg_advisory_unlock(1)");
  expect(await blamed(rig)).toBe("unverifiable");
  await rig.ask("SELECT pg_advisory_unlock_all()");
  expect(await blamed(rig)).toBe("errored");
});

test("binary answers are understood, and a BEGIN that a driver sends along doesn't matter", async () => {
  await using rig = await open();
  const inBinary = [1];
  const run = (sql: string, ...formats: number[]) => [parse("", sql), bind("", "", [], formats), execute("")];
  await rig.send(...run("BEGIN"), ...run("SELECT pg_try_advisory_lock(1)", ...inBinary), sync());
  await rig.ask("COMMIT");
  await rig.send(...run("SELECT pg_advisory_unlock(1)", ...inBinary), sync());
  await rig.cut();
  expect(await blamed(rig)).toBe("errored");
});

test("a lock that the mirror did not take is missing until it is let go", async () => {
  await using rig = await open({ exclude_statements: ["pg_advisory_lock"] });
  // What is filtered out has no outcome.
  await using raw = await RawClient.login(rig.proxy, { user: "postgres", database: database.name });
  const ask = (sql: string): Promise<unknown> => raw.exchange(query(sql));
  await ask("SELECT pg_advisory_lock(9)");
  await ask("SELECT * FROM only_here");
  await ask("SELECT pg_advisory_unlock(9)");
  await ask("SELECT * FROM only_here");
  const ends = (await rig.proxy.outcomes(3)).map(endOf);
  expect([ends[0], ends.at(-1)]).toEqual(["unverifiable", "errored"]);
});
