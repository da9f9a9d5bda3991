// A defect in what carries requests to a mirror: something throws, wherever that code was entered. It costs that session
// that mirror. Its client, its other mirrors and everybody else notice nothing, and the books say what was lost.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  MIRROR_CONNECTIONS,
  MIRROR_QUEUE_BYTES,
  MIRROR_QUEUE_DEPTH,
  MIRROR_SESSIONS,
  MIRROR_SESSIONS_LOST,
  UNWATCHED_SESSIONS,
} from "../../src/proxy/gauges.ts";
import { Intake } from "../../src/proxy/mirror/intake.ts";
import { MirrorLink } from "../../src/proxy/mirror/link.ts";
import { MirrorQueue } from "../../src/proxy/mirror/queue.ts";
import { Run } from "../../src/proxy/mirror/run.ts";
import { Selection } from "../../src/proxy/mirror/selection.ts";
import { Settlement } from "../../src/proxy/mirror/settlement.ts";
import { Recording } from "../../src/proxy/recording.ts";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { type ConfigTables, mirrorTables } from "../helpers/config-text.ts";
import { FakeServer, relayTo } from "../helpers/fake-server.ts";
import { type Frame, RawClient } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { query } from "../helpers/messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { WeakSpot } from "../helpers/weak-spot.ts";

let database: TestDatabase;
const weak = new WeakSpot();
/** No socket takes as much in one go. */
const LARGE = 8 << 20;
const MIRRORINGS = ["direct", "through"];
/** What a test sends in all. */
const REQUESTS = 17;

beforeAll(async () => {
  database = await createDatabase("mirror_code_fault");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

afterEach(() => weak.heal());

interface Struck {
  /** What the second mirroring goes through. */
  readonly server: FakeServer;
}

const WEAK_SPOTS: Readonly<Record<string, (struck: Struck) => void>> = {
  "in the decision about a request": () => weak.in(Selection.prototype, "decide"),
  "on the way in": () => weak.in(Intake.prototype, "announce"),
  "in the mirror's queue": () => weak.in(MirrorQueue.prototype, "push"),
  "while a request is sent": () => weak.in(Run.prototype, "start"),
  "in the mirror's answer": () => weak.in(Run.prototype, "frame"),
  "when the mirror ends the connection": ({ server }) => {
    weak.in(MirrorLink.prototype, "ended");
    server.cut();
  },
  "when the mirror lets the session in": ({ server }) => {
    weak.in(MirrorLink.prototype, "ready");
    server.cut();
  },
  "when a connection is wanted": ({ server }) => {
    weak.in(MirrorLink.prototype, "reach");
    server.cut();
  },
  "while a dead mirror is tried again": ({ server }) => {
    weak.in(MirrorLink.prototype, "probe");
    server.behaviour = ({ socket }) => void socket.destroy();
    server.cut();
  },
  "in the clock": () => weak.in(Run.prototype, "isOverdue"),
  "when both answers are there": () => weak.in(Settlement.prototype, "settle"),
  "while an outcome is written": () => weak.in(Recording.prototype, "mirrored"),
};

const login = (proxy: InlineProxy) => RawClient.login(proxy, { user: "postgres", database: database.name });
const answerOf = (frames: readonly Frame[]): string => frames.map(({ type }) => type).join("");

/** Two mirrorings of the same server, one through `server`. */
function tables(server: FakeServer): ConfigTables {
  const { databases = [], mirroring = [] } = mirrorTables(database.primary, database.mirror);
  const [entry] = databases.slice(-1);
  return {
    databases: [...databases, { ...entry!, name: "behind", port: server.port }],
    mirroring: [
      ...mirroring.map((one) => ({ ...one, name: "direct" })),
      { source_db: "*", destination_db: "behind", name: "through" },
    ],
  };
}

async function booksOf(proxy: InlineProxy, mirroring: string) {
  const books = { seen: 0, skipped: 0, unrecorded: 0, selected: 0, ended: 0 };
  const events = await proxy.events();
  const lane = proxy.laneOf(mirroring);
  for (const event of events) {
    if (!("lane" in event) || event.lane !== lane) continue;
    if (event.kind === "tallied") books.seen += event.seen;
    else if (event.kind === "skipped") books.skipped += event.count;
    else if (event.kind === "unrecorded") books.unrecorded += event.requests ?? 0;
    else if (event.kind === "queued") books.selected++;
    else if (event.kind === "mirrored" || event.kind === "errored" || event.kind === "dropped") books.ended++;
  }
  return books;
}

/** Waits until every request is in them, and has its outcome or is known to be lost. */
async function balancedBooks(proxy: InlineProxy, mirroring: string, requests = REQUESTS) {
  const isBalanced = ({ seen, skipped, unrecorded, selected, ended }: Awaited<ReturnType<typeof booksOf>>) =>
    seen === requests && seen === skipped + unrecorded + selected && selected === ended;
  await waitFor(async () => isBalanced(await booksOf(proxy, mirroring)), { message: `the books of ${mirroring}` });
  return await booksOf(proxy, mirroring);
}

/** One of them is long enough for the clock to look at. */
const TEXTS = ["SELECT 1", "BEGIN", "SELECT 2", "COMMIT", "SELECT pg_sleep(0.1)"];

test.each(Object.entries(WEAK_SPOTS))(
  "an error %s costs one session one mirror and nothing else, and the books still balance",
  async (_where, weaken) => {
    await using server = await FakeServer.start(relayTo(database.mirror));
    await using proxy = await startInlineProxy(tables(server));
    const lost = () => MIRRORINGS.map((_, index) => proxy.gauges.sumMirroring(index, MIRROR_SESSIONS_LOST));
    {
      await using other = await login(proxy);
      await using client = await login(proxy);
      for (const each of [other, client]) await each.exchange(query("SELECT 1"));
      await proxy.outcomes(4);
      weaken({ server });
      weak.arm();
      for (const text of TEXTS) await client.exchange(query(text));
      await waitFor(() => !weak.isArmed, { message: "the weak spot is met" });
      for (const each of [other, client]) {
        for (let i = 0; i < 5; i++) expect(answerOf(await each.exchange(query("SELECT 1")))).toBe("TDCZ");
      }
      expect(lost().reduce((sum, one) => sum + one)).toBe(1);
      expect(proxy.gauges.sum(UNWATCHED_SESSIONS)).toBe(0);
    }
    const columns = [MIRROR_SESSIONS, MIRROR_CONNECTIONS, MIRROR_QUEUE_DEPTH, MIRROR_QUEUE_BYTES];
    const held = () =>
      MIRRORINGS.flatMap((_, index) => columns.map((column) => proxy.gauges.sumMirroring(index, column)));
    await waitFor(() => held().every((value) => value === 0), { message: "nothing is held any more" });
    const [one, two] = await Promise.all(MIRRORINGS.map((mirroring) => balancedBooks(proxy, mirroring)));
    const isLostFirst = lost()[0] === 1;
    expect((isLostFirst ? one : two)!.unrecorded).toBeGreaterThan(0);
    expect((isLostFirst ? two : one)!).toMatchObject({ unrecorded: 0, selected: REQUESTS });
    const lines = proxy.lines.filter(({ level }) => level === "error");
    expect(lines).toMatchObject([{ fields: { error: "RangeError", mirroring: MIRRORINGS[isLostFirst ? 0 : 1] } }]);
    expect(lines[0]!.fields["stack"]).toMatch(/^at .*:\d+\)?$/m);
    expect(JSON.stringify(proxy.lines)).not.toContain(WeakSpot.SECRET);
  },
);

test("an error when more of a long request may be sent costs that mirror, and the request is dropped", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  await using client = await login(proxy);
  weak.in(MirrorLink.prototype, "drained");
  weak.arm();
  expect(answerOf(await client.exchange(query(`SELECT length('${"x".repeat(LARGE)}')`)))).toBe("TDCZ");
  expect(await proxy.outcomes(1)).toMatchObject([{ kind: "dropped", reason: "session_closed" }]);
  expect(proxy.gauges.sumMirroring(0, MIRROR_QUEUE_BYTES)).toBe(0);
});

test("what waits for its transaction's first wanted request is not lost silently with its mirror", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, { level: "ddl" }));
  await using client = await login(proxy);
  await client.exchange(query("BEGIN"));
  weak.in(Selection.prototype, "decide");
  weak.arm();
  for (const text of ["SELECT 1", "COMMIT"]) await client.exchange(query(text));
  expect(await balancedBooks(proxy, "candidate", 3)).toMatchObject({ unrecorded: 3 });
  expect(proxy.gauges.sumMirroring(0, MIRROR_QUEUE_BYTES)).toBe(0);
});
