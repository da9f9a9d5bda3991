import { connect } from "node:net";
import { expect, test } from "vitest";
import { createEventStream } from "../../src/api/event-stream.ts";
import { LogEnd } from "../../src/api/log-end.ts";
import { LogReading } from "../../src/service/log-reading.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { observationChanged, runStarted, tallied } from "../projections/facts.ts";
import { openLogFixture } from "../cli/log-fixture.ts";
import { openApi, type ApiFixture } from "./api-fixture.ts";

const AT = 1_700_000_000_000_000;

interface Stream extends Disposable {
  readonly status: number;
  readonly type: string | null;
  /** All that has come so far. */
  text(): string;
  /** How the server has ended it: as an answer ends, or by closing the connection. */
  readonly ended: Promise<"whole" | "cut">;
}

async function openStream(api: ApiFixture, query = "", headers: Record<string, string> = {}): Promise<Stream> {
  const closing = new AbortController();
  const response = await api.get(`/events${query}`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: closing.signal,
  });
  let text = "";
  const read = async (): Promise<void> => {
    for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
  };
  const ended = read().then(
    () => "whole" as const,
    () => "cut" as const,
  );
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    text: () => text,
    ended,
    [Symbol.dispose]: () => closing.abort(),
  };
}

const ids = (stream: Stream): number[] =>
  [...stream.text().matchAll(/^id: (\d+)\nevent: /gm)].map((match) => Number(match[1]));

test("a stream begins at the end of the log and follows it", async () => {
  await using api = await openApi();
  api.events.appendBatch([runStarted(AT)]);
  using stream = await openStream(api);
  expect([stream.status, stream.type]).toEqual([200, "text/event-stream"]);
  await waitFor(() => stream.text().includes("retry: 2000\n\n"));
  api.events.appendBatch([{ kind: "marked", at: AT, text: "now", who: "ann" }]);
  await waitFor(() => ids(stream).length === 1);
  expect(stream.text()).toContain('id: 2\nevent: marked\ndata: {"seq":2,');
  api.events.appendBatch([{ kind: "marked", at: AT, text: "again", who: "ann" }]);
  await waitFor(() => ids(stream).length === 2);
});

test("a client that comes back with its Last-Event-ID misses nothing and gets nothing twice", async () => {
  await using api = await openApi();
  api.events.appendBatch(Array.from({ length: 1200 }, (_, i) => tallied(AT + i, 1)));
  using first = await openStream(api, "?after=0");
  await waitFor(() => ids(first).length === 1200);
  expect(ids(first)).toEqual(Array.from({ length: 1200 }, (_, i) => i + 1));
  using second = await openStream(api, "?after=0", { "last-event-id": "1190" });
  await waitFor(() => ids(second).length === 10);
  expect(ids(second)[0]).toBe(1191);
});

test("a stream has the filters of a page, but no end to choose", async () => {
  await using api = await openApi();
  api.events.appendBatch([runStarted(AT), observationChanged(AT, "paused"), tallied(AT, 1)]);
  using stream = await openStream(api, "?after=0&kind=observation_changed");
  await waitFor(() => ids(stream).length === 1);
  expect(ids(stream)).toEqual([2]);
  for (const query of ["limit=5", "before=9", "to=9", "from=1", "order=asc"]) {
    using refused = await openStream(api, `?${query}`);
    expect([query, refused.status]).toEqual([query, 400]);
  }
  using odd = await openStream(api, "", { "last-event-id": "x; drop table event" });
  expect(odd.status).toBe(400);
});

test("the twenty-first stream is turned away until one of the others has gone", async () => {
  await using api = await openApi();
  const streams: Stream[] = [];
  for (let i = 0; i < 20; i++) streams.push(await openStream(api));
  expect(streams.every(({ status }) => status === 200)).toBe(true);
  using late = await openStream(api);
  expect(late.status).toBe(503);
  streams.pop()![Symbol.dispose]();
  await waitFor(async () => {
    using next = await openStream(api);
    return next.status === 200;
  });
  for (const stream of streams) stream[Symbol.dispose]();
});

test("HEAD says what there would be and leaves no stream behind", async () => {
  await using api = await openApi();
  for (let i = 0; i < 25; i++) {
    const response = await api.get("/events", { method: "HEAD", headers: { accept: "text/event-stream" } });
    expect(response.status).toBe(200);
  }
  using stream = await openStream(api);
  expect(stream.status).toBe(200);
});

test("streams end when the service does, before their connections are closed", async () => {
  const api = await openApi();
  const stream = await openStream(api);
  await waitFor(() => stream.text() !== "");
  await api[Symbol.asyncDispose]();
  expect(await stream.ended).toBe("whole");
});

test("a client that has gone is forgotten", async () => {
  await using api = await openApi();
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(api.port, "127.0.0.1");
    socket.write("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    return socket;
  });
  let answered = 0;
  for (const socket of sockets) socket.once("data", () => answered++);
  await waitFor(() => answered === 20);
  for (const socket of sockets) socket.resetAndDestroy();
  await waitFor(async () => {
    using next = await openStream(api);
    return next.status === 200;
  });
});

test("in silence the position is told, and who takes nothing for long is cut off", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch([runStarted(AT), tallied(AT, 1)]);
  const questions = new LogReading({ path: fixture.path, answerMs: 10_000 });
  try {
    let [ends, slow] = [0, 0];
    const stream = createEventStream({
      isAllowed: () => true,
      logEnd: new LogEnd(questions),
      questions,
      filter: { kinds: ["marked"] },
      after: 0,
      end: new AbortController().signal,
      onEnd: () => ends++,
      onSlow: () => slow++,
      heartbeatMs: 100,
      slowMs: 200,
    });
    const taker = stream.getReader();
    const decoder = new TextDecoder();
    const next = async (): Promise<string> => decoder.decode((await taker.read()).value);
    expect(await next()).toBe("retry: 2000\n\n");
    expect(await next()).toBe("id: 2\n\n");
    await waitFor(() => slow === 1);
    expect(ends).toBe(0);
    await taker.cancel();
    expect(ends).toBe(1);
  } finally {
    await questions.close();
  }
});
