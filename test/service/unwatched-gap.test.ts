import { expect, test } from "vitest";
import type { RecorderCommand } from "../../src/events/recorder-messages.ts";
import { createGaugeBuffer, Gauges, SESSIONS_NOW_UNWATCHED, UNWATCHED_SESSIONS } from "../../src/proxy/gauges.ts";
import { UnwatchedGap } from "../../src/service/unwatched-gap.ts";
import { waitFor } from "../helpers/wait-for.ts";

test("as long as a session goes on unwatched, and for one that has ended meanwhile, the log says that it doesn't know", async () => {
  const gauges = new Gauges(createGaugeBuffer(1, 0), 0);
  const sent: RecorderCommand[] = [];
  const gap = new UnwatchedGap(gauges, { send: (command) => void sent.push(command) }, 5);
  const events = () => sent.flatMap((command) => (command.type === "append" ? [command.event] : []));

  gauges.add(0, SESSIONS_NOW_UNWATCHED, 1);
  gauges.add(0, UNWATCHED_SESSIONS, 1);
  await waitFor(() => sent.length >= 2);
  gauges.add(0, SESSIONS_NOW_UNWATCHED, -1);
  gap.stop();
  const spans = events();
  expect(spans[0]).toMatchObject({ kind: "unrecorded", lane: null, requests: null, cause: "unwatched" });
  // Nothing is left out between two of them.
  const ends = spans.map((event) => event.kind === "unrecorded" && [event.from, event.to]);
  for (const [index, end] of ends.slice(1).entries()) expect(end && end[0]).toBe((ends[index] || [])[1]);
});
