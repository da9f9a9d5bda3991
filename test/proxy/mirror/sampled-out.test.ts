import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase, withClient } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("sampling");
  await database.onBoth("CREATE TABLE item (id int); INSERT INTO item VALUES (1)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const startSampled = (exposure: number) =>
  startInlineProxy(mirrorTables(database.primary, database.mirror, { exposure, queue_length: 1000 }));
const login = (proxy: InlineProxy) => RawClient.login(proxy, { user: "postgres", database: database.name });
const endOf = (outcome: Outcome): string => {
  if (outcome.kind === "mirrored") return outcome.parity;
  return outcome.kind === "errored" ? `${outcome.category} ${outcome.sqlstate} ${outcome.message}` : outcome.reason;
};

/** Every one of these is a request; all but those that change the session are sampled out. */
async function sampledOut(...statements: readonly string[]): Promise<string[]> {
  await using proxy = await startSampled(0);
  await using raw = await login(proxy);
  for (const sql of statements) await raw.exchange(query(sql));
  const { skipped } = await proxy.tally(statements.length);
  return (await proxy.outcomes(statements.length - (skipped["exposure"] ?? 0))).map(endOf);
}

/** Runs the requests many times, half of them sampled out, and gives the ends that are no sign of faithfulness. */
async function unfaithful(requests: readonly (readonly Buffer[])[]): Promise<string[]> {
  await using proxy = await startSampled(0.5);
  await using raw = await login(proxy);
  const rounds = 30;
  for (let round = 0; round < rounds; round++) for (const messages of requests) await raw.exchange(...messages);
  const seen = rounds * requests.length;
  const { skipped } = await proxy.tally(seen);
  const ends = new Set((await proxy.outcomes(seen - (skipped["exposure"] ?? 0))).map(endOf));
  return [...ends].filter((end) => end !== "match" && end !== "both_failed");
}

describe("settings of a transaction that was sampled out", () => {
  test("are not on the mirror when the primary rolled them back", async () => {
    const ends = await sampledOut(
      "BEGIN",
      "SET search_path = nowhere_at_all",
      "ROLLBACK",
      "PREPARE needs_the_path AS SELECT id FROM item",
    );
    expect(ends.at(-1)).toBe("match");
  });

  test("are all on the mirror when the primary committed them", async () => {
    const ends = await sampledOut(
      "BEGIN",
      "SET soak.one = 'a'",
      "SET soak.two = 'b'",
      "COMMIT",
      "SELECT set_config('soak.three', (1 / (current_setting('soak.one') || current_setting('soak.two') = 'ab')::int)::text, false)",
    );
    expect(new Set(ends)).toEqual(new Set(["match"]));
  });
});

test.each([0, 1, 2, 3, 4])(
  "a transaction that does not fit behind %d others leaves what the primary kept of it",
  async (waiting) => {
    await using network = await BreakableProxy.to(database.mirror);
    await using proxy = await startInlineProxy(mirrorTables(database.primary, network, { queue_length: 5 }));
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT 1"));
    await proxy.outcomes(1);
    network.stall();
    for (let sent = 0; sent <= waiting; sent++) await raw.exchange(query("SELECT 0"));
    for (const sql of ["BEGIN", "SAVEPOINT a", "SET search_path = nowhere", "ROLLBACK TO a", "COMMIT"]) {
      await raw.exchange(query(sql));
    }
    network.resume();
    await proxy.outcomes(waiting + 7);
    await raw.exchange(query("SELECT 1 FROM item"));
    expect((await proxy.outcomes(waiting + 8)).at(-1)).toMatchObject({ kind: "mirrored" });
  },
);

describe("objects of the session", () => {
  test("a temporary table that was rolled back while sampled out is not on the mirror", async () => {
    const ends = await sampledOut("BEGIN", "CREATE TEMP TABLE undone ()", "ROLLBACK", "CREATE TEMP TABLE undone ()");
    expect(ends.at(-1)).toBe("match");
  });

  test("a temporary table that was dropped while sampled out can be made again", async () => {
    const ends = await sampledOut("CREATE TEMP TABLE again ()", "DROP TABLE again", "CREATE TEMP TABLE again ()");
    expect(ends).not.toContainEqual(expect.stringContaining("42P07"));
  });

  test("a temporary table that was altered while sampled out fails no later request", async () => {
    const ends = await sampledOut(
      "CREATE TEMP TABLE growing (id int)",
      "ALTER TABLE growing ADD note text",
      "PREPARE needs_the_column AS SELECT note FROM growing",
    );
    expect(ends).not.toContainEqual(expect.stringContaining("42703"));
  });

  test("a held cursor that was closed while sampled out can be declared again", async () => {
    const declare = "DECLARE held CURSOR WITH HOLD FOR SELECT 1";
    const ends = await sampledOut(declare, "CLOSE held", declare);
    expect(ends).not.toContainEqual(expect.stringContaining("42P03"));
  });
});

describe("prepared statements, half of whose requests are sampled out", () => {
  test("EXECUTE of a statement that the protocol prepared", async () => {
    const prepare = [parse("s", "SELECT 1"), sync()];
    expect(await unfaithful([prepare, [query("EXECUTE s")], [query("DEALLOCATE s")]])).toEqual([]);
  });

  test("DEALLOCATE by the extended protocol", async () => {
    const deallocate = [parse("", "DEALLOCATE s"), bind("", ""), execute(""), sync()];
    expect(await unfaithful([[parse("s", "SELECT 1"), sync()], deallocate])).toEqual([]);
  });

  test("a name that is taken is refused on both sides, and keeps its meaning", async () => {
    const first = [parse("s", "SELECT 1"), sync()];
    const again = [parse("s", "SELECT 2 FROM item"), sync()];
    const use = [bind("", "s"), execute(""), sync()];
    expect(await unfaithful([first, again, again, use, [query("DEALLOCATE s")]])).toEqual([]);
  });

  test("the unnamed statement is gone after a simple Query", async () => {
    const use = [bind("", ""), execute(""), sync()];
    expect(await unfaithful([[parse("", "SELECT 1"), sync()], [query("SELECT 2")], use])).toEqual([]);
  });

  test("a name that was deallocated in a transaction that was rolled back, which does not undo it", async () => {
    const use = [bind("", "s"), sync()];
    const transaction = ["BEGIN", "DEALLOCATE s", "ROLLBACK"].map((sql) => [query(sql)]);
    expect(await unfaithful([[parse("s", "SELECT 1"), sync()], ...transaction, use])).toEqual([]);
  });
});

describe("COMMIT PREPARED", () => {
  let servers: { primary: PostgresServer; mirror: PostgresServer };

  beforeAll(async () => {
    const settings = { max_prepared_transactions: 10 };
    const [first, second] = await Promise.all([
      startPostgres({ major: 16, settings }),
      startPostgres({ major: 18, settings }),
    ]);
    servers = { primary: first, mirror: second };
  });

  afterAll(async () => {
    await Promise.all([servers.primary.stop(), servers.mirror.stop()]);
  });

  test("of a transaction that was sampled out blames nobody, and none is left behind", async () => {
    const { primary, mirror } = servers;
    await using proxy = await startInlineProxy(mirrorTables(primary, mirror, { exposure: 0.5, queue_length: 1000 }));
    await using raw = await RawClient.login(proxy, { user: "postgres", database: "postgres" });
    const statements = ["BEGIN", "PREPARE TRANSACTION 'g'", "COMMIT PREPARED 'g'"];
    for (let round = 0; round < 30; round++) for (const sql of statements) await raw.exchange(query(sql));
    const { skipped } = await proxy.tally(90);
    const ends = (await proxy.outcomes(90 - (skipped["exposure"] ?? 0))).map(endOf);
    expect(ends.filter((end) => end !== "match" && end !== "unverifiable")).toEqual([]);
    expect(ends).toContain("match");
    const admin = { host: mirror.host, port: mirror.port, user: "postgres", database: "postgres" };
    const left = await withClient(admin, async (client) => (await client.query("TABLE pg_prepared_xacts")).rows);
    expect(left).toEqual([]);
  });
});
