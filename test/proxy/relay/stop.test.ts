// A graceful stop: idle clients are told at once, what is in flight finishes, and nothing outlives the timeout.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openReader } from "../../../src/events/log-reader.ts";
import { readStats } from "../../../src/projections/read-stats.ts";
import { statsJson } from "../../../src/projections/stats-json.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, primary, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables, relayTables } from "../../helpers/config-text.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, parse, query, startupMessage, sync } from "../../helpers/messages.ts";
import { startPgsoakProcess } from "../../helpers/pgsoak-process.ts";
import { startPgsoak } from "../../helpers/start-pgsoak.ts";
import { SteadyLoad } from "../../helpers/steady-load.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal, POSTGRES, startRelay, type Target, types, values } from "./relay.ts";

const SHUTDOWN = { S: "FATAL", C: "57P01", M: "terminating connection due to administrator command" };
/** Far longer than anything here takes. */
const PATIENT_MS = 20_000;

const noLongerListens = (target: Target): Promise<unknown> =>
  waitFor(async () => {
    try {
      await using _ = await RawClient.connect(target);
      return false;
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
    }
  });

describe("a thread that is told to stop", () => {
  test("tells idle and listening clients 57P01, takes no new ones and is done", async () => {
    await using relay = await startRelay(primary());
    await using idle = await RawClient.login(relay, POSTGRES);
    await using listening = await RawClient.login(relay, POSTGRES);
    await listening.exchange(query("LISTEN something"));
    const stopped = relay.stop(PATIENT_MS);
    expect(await fatal(idle)).toMatchObject(SHUTDOWN);
    expect(await fatal(listening)).toMatchObject(SHUTDOWN);
    await stopped;
    await expect(RawClient.connect(relay)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("ends a client that is still logging in", async () => {
    await using network = await BreakableProxy.to(primary());
    await network.welcome("silent");
    await using relay = await startRelay(network);
    await using silent = await RawClient.connect(relay);
    await using waiting = await RawClient.connect(relay);
    waiting.send(startupMessage(POSTGRES));
    await waitFor(() => network.open === 1);
    const stopped = relay.stop(PATIENT_MS);
    expect(await fatal(waiting)).toMatchObject(SHUTDOWN);
    await silent.closed();
    await stopped;
  });

  test("lets a request in flight finish, and a whole pipeline", async () => {
    await using relay = await startRelay(primary());
    await using simple = await RawClient.login(relay, POSTGRES);
    await using pipelining = await RawClient.login(relay, POSTGRES);
    simple.send(query("SELECT 'done' FROM pg_sleep(0.2)"));
    const ask = [parse("", "SELECT 'each' FROM pg_sleep(0.1)"), bind("", ""), execute(""), sync()];
    pipelining.send(...ask, ...ask, ...ask);
    await pipelining.frame();
    const stopped = relay.stop(PATIENT_MS);
    expect(values(await simple.until("Z"))).toEqual(["done"]);
    for (let n = 0; n < 3; n++) expect(values(await pipelining.until("Z"))).toEqual(["each"]);
    expect(await fatal(simple)).toMatchObject(SHUTDOWN);
    expect(await fatal(pipelining)).toMatchObject(SHUTDOWN);
    await stopped;
  });

  test("lets a transaction go on to its end", async () => {
    await using relay = await startRelay(primary());
    await using client = await RawClient.login(relay, POSTGRES);
    await client.exchange(query("BEGIN"));
    const stopped = relay.stop(PATIENT_MS);
    await noLongerListens(relay);
    expect(values(await client.exchange(query("SELECT 'inside'")))).toEqual(["inside"]);
    expect(types(await client.exchange(query("COMMIT")))).toBe("CZ");
    expect(await fatal(client)).toMatchObject(SHUTDOWN);
    await stopped;
  });

  test("cuts what has not finished when the time is over", async () => {
    await using relay = await startRelay(primary());
    await using open = await RawClient.login(relay, POSTGRES);
    await using busy = await RawClient.login(relay, POSTGRES);
    await open.exchange(query("BEGIN"));
    busy.send(query("SELECT pg_sleep(5)"));
    const stopped = relay.stop(200);
    expect(await fatal(open)).toMatchObject(SHUTDOWN);
    expect(await fatal(busy)).toMatchObject(SHUTDOWN);
    await stopped;
  });

  test("gives a slow reader all of its answer and the last word before it is gone", async () => {
    await using pgsoak = await startPgsoak(relayTables(primary()));
    await using client = await RawClient.login(pgsoak.proxy, { ...POSTGRES, application_name: "slow_reader" });
    client.socket.pause();
    client.send(query("SELECT repeat('x', 1000) FROM generate_series(1, 8000)"));
    // The primary is done with it: what the client has not read yet is on its way, much of it in our hands.
    const asked = "SELECT state FROM pg_stat_activity WHERE application_name = 'slow_reader'";
    await using direct = await RawClient.login(primary(), POSTGRES);
    await waitFor(async () => values(await direct.exchange(query(asked)))[0] === "idle");
    const stopped = pgsoak.service.stop();
    await noLongerListens(pgsoak.proxy);
    client.socket.resume();
    expect((await client.until("Z")).filter(({ type }) => type === "D")).toHaveLength(8000);
    expect(await fatal(client)).toMatchObject(SHUTDOWN);
    await stopped;
  });

  test("never puts its last word into the middle of a message of the primary", async () => {
    await using network = await BreakableProxy.to(primary());
    await using relay = await startRelay(network);
    await using client = await RawClient.login(relay, POSTGRES);
    const notice = Buffer.from("N\0\0\0\x0bSNOTE\0\0", "latin1");
    let rest: Buffer | null = null;
    network.fromServer = (chunk) => {
      if (chunk.at(-6) !== 0x5a) return chunk;
      rest = notice.subarray(7);
      return Buffer.concat([chunk, notice.subarray(0, 7)]);
    };
    client.send(query("SELECT 1 FROM pg_sleep(0.2)"));
    const stopped = relay.stop(PATIENT_MS);
    await client.until("Z");
    await waitFor(() => rest);
    network.inject(rest!);
    expect(await client.frame()).toEqual({ type: "N", body: notice.subarray(5) });
    expect(await fatal(client)).toMatchObject(SHUTDOWN);
    await stopped;
  });
});

describe("with a mirror", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase("stopping");
    await database.onBoth("CREATE TABLE item (id int)");
  });

  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  test("what a client sends behind its last word is neither counted nor mirrored: the primary never ran it", async () => {
    await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
    await using client = await RawClient.login(proxy, { user: "postgres", database: database.name });
    await using other = await RawClient.login(proxy, { user: "postgres", database: database.name });
    await other.exchange(query("BEGIN"));
    const stopped = proxy.stop(PATIENT_MS);
    const error = (await client.until("E")).at(-1)!;
    client.send(query("INSERT INTO item VALUES (1)"));
    expect(errorFields(error)).toMatchObject(SHUTDOWN);
    // Another client's answers, which the thread gives later, show that it has seen those bytes.
    for (let n = 0; n < 3; n++) await other.exchange(query("SELECT 1"));
    await other.exchange(query("COMMIT"));
    await stopped;
    expect(await proxy.tally(5)).toEqual({ seen: 5, skipped: {} });
    expect(await database.onMirror("SELECT FROM item")).toEqual([]);
  });

  test("SIGTERM under load: every client hears 57P01 between two requests, the books are closed, exit 0", async () => {
    await using pgsoak = await startPgsoakProcess({ tables: mirrorTables(database.primary, database.mirror) });
    const load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 10, pauseMs: 1 });
    await waitFor(() => load.requests > 200);
    const end = await pgsoak.stop("SIGTERM");
    expect(end).toEqual({ code: 0, signal: null });
    const { errors } = await load.stop();
    // As an event of an idle client, or as the end of a query that was sent at that moment.
    expect(errors.filter((error) => error.endsWith(SHUTDOWN.M))).toHaveLength(10);
    using reader = openReader(pgsoak.logFile);
    const { total } = statsJson(await readStats(reader));
    expect(total).toMatchObject({ requests_total: load.requests, requests_in_flight: 0 });
  });
});

test("a second SIGTERM ends the process at once, whatever is in flight", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: relayTables(primary()) });
  await using client = await RawClient.login(pgsoak.proxy, POSTGRES);
  client.send(query("SELECT pg_sleep(20)"));
  pgsoak.signal("SIGTERM");
  await waitFor(() => pgsoak.output().includes('"msg":"stopping"'));
  expect((await pgsoak.stop("SIGTERM")).code).toBe(1);
  await client.closed();
});
