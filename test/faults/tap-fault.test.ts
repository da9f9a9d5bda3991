// A defect in what looks at the traffic: something throws while a chunk is looked at. Its session is relayed on unseen, and
// nobody else notices.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CancelRegistry } from "../../src/proxy/cancel.ts";
import { SESSIONS_NOW_UNWATCHED, UNWATCHED_SESSIONS } from "../../src/proxy/gauges.ts";
import { Recording } from "../../src/proxy/recording.ts";
import { RequestBoundaries } from "../../src/proxy/request-boundaries.ts";
import { StatementBook } from "../../src/proxy/statement-book.ts";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type Frame, RawClient } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { query, startupMessage } from "../helpers/messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { WeakSpot } from "../helpers/weak-spot.ts";

let database: TestDatabase;
const { SECRET } = WeakSpot;

beforeAll(async () => {
  database = await createDatabase("tap_fault");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const weak = new WeakSpot();

afterEach(() => weak.heal());

const WEAK_SPOTS = {
  "in a statement's text": () => weak.in(StatementBook.prototype, "find"),
  "in the primary's answer": () => weak.in(RequestBoundaries.prototype, "answer"),
};

const login = (proxy: InlineProxy) => RawClient.login(proxy, { user: "postgres", database: database.name });
const answerOf = (frames: readonly Frame[]): string => frames.map(({ type }) => type).join("");

async function booksOf(proxy: InlineProxy) {
  const books = { seen: 0, skipped: 0, unrecorded: 0, selected: 0, ended: 0 };
  for (const event of await proxy.events()) {
    if (event.kind === "tallied") books.seen += event.seen;
    else if (event.kind === "skipped") books.skipped += event.count;
    else if (event.kind === "unrecorded") books.unrecorded += event.requests ?? 0;
    else if (event.kind === "queued") books.selected++;
    else if (event.kind === "mirrored" || event.kind === "errored") books.ended++;
    else if (event.kind === "dropped") books.ended++;
  }
  return books;
}

test.each(Object.entries(WEAK_SPOTS))(
  "an error %s costs its session the mirror and nothing else, and the books still balance",
  async (_where, weakenIt) => {
    await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
    await using struck = await login(proxy);
    await using other = await login(proxy);
    for (const client of [struck, other]) await client.exchange(query("SELECT 1"));
    await proxy.outcomes(2);
    weakenIt();
    weak.arm();
    for (let i = 0; i < 5; i++) expect(answerOf(await struck.exchange(query(`SELECT '${SECRET}'`)))).toBe("TDCZ");
    expect(weak.isArmed).toBe(false);
    expect(proxy.gauges.sum(UNWATCHED_SESSIONS)).toBe(1);
    expect(proxy.gauges.sum(SESSIONS_NOW_UNWATCHED)).toBe(1);
    for (let i = 0; i < 3; i++) expect(answerOf(await other.exchange(query("SELECT 2")))).toBe("TDCZ");
    await waitFor(async () => (await proxy.eventsOf("mirrored")).length >= 5);

    await struck[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await waitFor(async () => {
      const { seen, skipped, unrecorded, selected, ended } = await booksOf(proxy);
      return seen >= 5 && seen === skipped + unrecorded + selected && selected === ended;
    });
    await waitFor(() => proxy.gauges.sum(SESSIONS_NOW_UNWATCHED) === 0);
    const lines = proxy.lines.filter(({ message }) => message.includes("can't be followed"));
    expect(lines).toMatchObject([{ level: "error", fields: { error: "RangeError", database: "*" } }]);
    expect(lines[0]!.fields.stack).toMatch(/^at .*:\d+\)?$/m);
    expect(JSON.stringify(proxy.lines)).not.toContain(SECRET);
  },
);

test("an error before the login is over ends that client alone", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  await using other = await login(proxy);
  weak.in(CancelRegistry.prototype, "add");
  weak.arm();
  await using struck = await RawClient.connect(proxy);
  struck.send(startupMessage({ user: "postgres", database: database.name }));
  expect(await struck.closed()).toBe("end");
  expect(answerOf(await other.exchange(query("SELECT 1")))).toBe("TDCZ");
});

test("a client that has sent its first request with its login is answered, when the error comes as it is let in", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  weak.in(Recording.prototype, "nextSessionId");
  weak.arm();
  await using struck = await RawClient.connect(proxy);
  struck.send(Buffer.concat([startupMessage({ user: "postgres", database: database.name }), query("SELECT 1")]));
  await struck.until("Z");
  expect(answerOf(await struck.until("Z"))).toBe("TDCZ");
  expect(proxy.gauges.sum(UNWATCHED_SESSIONS)).toBe(1);
  expect(answerOf(await struck.exchange(query("SELECT 2")))).toBe("TDCZ");
});

test("a session that is not followed ends with the service, in bounded time", async () => {
  const proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  const struck = await login(proxy);
  weak.in(StatementBook.prototype, "find");
  weak.arm();
  await struck.exchange(query("SELECT 1"));
  await proxy.stop(500);
  await proxy[Symbol.asyncDispose]();
  await struck[Symbol.asyncDispose]();
});
