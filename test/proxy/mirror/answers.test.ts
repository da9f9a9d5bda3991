import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { type Behaviour, FakeServer } from "../../helpers/fake-server.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { cancelRequest, query, startupMessage } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("answers");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const LOGIN = { user: "postgres" };
const login = (proxy: { host: string; port: number }) => RawClient.login(proxy, { ...LOGIN, database: database.name });
const endOf = (outcome: Outcome): string => {
  if (outcome.kind === "mirrored") return outcome.parity;
  return outcome.kind === "errored" ? `${outcome.category} ${outcome.attribution} ${outcome.sqlstate}` : outcome.reason;
};

test("a COPY TO that moves on in its own time is no timeout, however long it takes", async () => {
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network, { timeout_ms: 200 }));
  await using raw = await login(proxy);
  await raw.exchange(query("SELECT 1"));
  network.throttle(4 * 2 ** 20);
  await raw.exchange(query("COPY (SELECT repeat('x', 8000) FROM generate_series(1, 1500)) TO STDOUT"));
  expect((await proxy.outcomes(2)).map(endOf)).toEqual(["match", "match"]);
});

test("what follows from a failure of the mirror that is excused is excused too", async () => {
  await database.onPrimary("CREATE TABLE only_here (id int)");
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network));
  await using raw = await login(proxy);
  await raw.exchange(query("CREATE TEMP TABLE scratch (id int)"));
  await proxy.outcomes(1);
  network.cut();
  await waitFor(() => network.open === 0);
  for (const sql of ["BEGIN", "SELECT * FROM only_here", "SELECT 1", "COMMIT"]) await raw.exchange(query(sql));
  const ends = (await proxy.outcomes(5)).slice(2).map(endOf);
  expect(ends).toEqual(["unverifiable", "unverifiable", "unverifiable"]);
});

test("any difference is excused, not some classes of errors, when the session lacks what it should have", async () => {
  await database.onBoth("CREATE TABLE here (id int); CREATE TABLE held_back (id int)");
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network));
  await using raw = await login(proxy);
  // A name that is not there, where the primary has a temporary table of that name with another content.
  await raw.exchange(query("CREATE TEMP TABLE held_back AS SELECT 0 AS id"));
  await proxy.outcomes(1);
  network.cut();
  await waitFor(() => network.open === 0);
  const requests = [
    "SELECT id FROM held_back",
    "SELECT 1 / id FROM held_back",
    "SELECT 1 / (count(*) - 1) FROM held_back",
  ];
  for (const sql of requests) await raw.exchange(query(sql));
  expect((await proxy.outcomes(4)).slice(1).map(endOf)).toEqual(["unverifiable", "unverifiable", "unverifiable"]);
});

test("a session that has what can't be repeated still notices that it lacks something", async () => {
  await using proxy = await startInlineProxy(
    mirrorTables(database.primary, database.mirror, { exclude_statements: ["^create temp table"] }),
  );
  await using raw = await login(proxy);
  for (const sql of ["SELECT pg_advisory_lock(4711)", "CREATE TEMP TABLE missed (id int)", "SELECT id FROM missed"]) {
    await raw.exchange(query(sql));
  }
  expect((await proxy.outcomes(2)).map(endOf)).toEqual(["match", "unverifiable"]);
});

test("a request that the client cancelled is no timeout when the mirror got the cancel too early", async () => {
  await using mirror = await FakeServer.start(cancelledTooEarly(database.mirror));
  await using proxy = await startInlineProxy(mirrorTables(database.primary, mirror, { timeout_ms: 300 }));
  await using raw = await RawClient.connect(proxy);
  raw.send(startupMessage({ ...LOGIN, database: database.name }));
  const key = (await raw.until("Z")).find(({ type }) => type === "K")!.body;
  await raw.exchange(query("SELECT 1"));
  await proxy.outcomes(1);
  raw.send(query("DO $$ BEGIN RAISE NOTICE 'begun'; PERFORM pg_sleep(30); END $$"));
  await raw.until("N");
  const cancel = connect(proxy);
  cancel.end(cancelRequest(key.readInt32BE(0), key.subarray(4)));
  await once(cancel.resume(), "close");
  await raw.until("Z");
  expect((await proxy.outcomes(2)).map(endOf)).toEqual(["match", "unverifiable"]);
});

const CANCEL_CODE = 80_877_102;

/** The server at `target`, on the other side of a network that carries a CancelRequest past what was sent before it. */
function cancelledTooEarly(target: { host: string; port: number }): Behaviour {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  return async (peer) => {
    const server = connect({ host: target.host, port: target.port });
    server.on("data", (chunk: Buffer) => peer.socket.write(chunk));
    server.on("error", () => {});
    server.on("close", () => peer.socket.destroySoon());
    peer.socket.on("close", () => server.destroy());
    const first = await peer.startup();
    server.write(first);
    if (first.readUInt32BE(4) === CANCEL_CODE) return void server.on("close", () => resolve());
    for (;;) {
      const frame = await peer.frame();
      if (frame.body.includes("pg_sleep")) await cancelled;
      server.write(frame.bytes);
    }
  };
}
