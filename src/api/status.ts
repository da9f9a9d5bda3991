// GET /status: what is true at this moment, or with `Accept: text/event-stream` each change of it. It costs next to nothing,
// so that a page can follow it and ask for the rest only when there is something new.

import { setTimeout as sleep } from "node:timers/promises";
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { OBSERVATION_STATES } from "../events/event.ts";
import type { StatsRow } from "../projections/stats-row.ts";
import type { Api, ApiContext, ApiEnv } from "./api-context.ts";
import { BusyError } from "./log-questions.ts";
import { readTotals } from "./read-totals.ts";
import { noParameters } from "./strict-query.ts";
import { createTextStream } from "./text-stream.ts";
import { wantsStream } from "./wants-stream.ts";

/** How often a stream looks. */
const POLL_MS = 1000;
/** After so many looks without news the client hears a comment, which keeps the connection open. */
const QUIET_POLLS = 15;
const RETRY_MS = 2000;
const STREAMS_MAX = 50;

const count = z.int().nonnegative();
const statusSchema = z.object({
  seq: count.nullable().describe("the last event of the log; null while it can't be read"),
  recording: z.enum(["ok", "broken"]),
  recording_cause: z.string().describe("why it is broken"),
  log: z.enum(["checking", "ok", "damaged"]),
  log_damage: z.string().describe("what is damaged and what to do"),
  rebuilding: z.object({ projection: z.string(), done: z.int(), of: z.int() }).nullable(),
  clients: count.describe("open client connections"),
  requests: z
    .object({ seen: count, mirrored: count, errored: count, dropped: count })
    .nullable()
    .describe("since the last reset; null while they are counted anew or the log can't be read"),
  mirrorings: z.array(
    z.object({
      mirroring: z.string(),
      state: z.enum(OBSERVATION_STATES),
      healthy: z.boolean(),
      queue_depth: count,
      queue_slots: count,
      queue_bytes: count,
      connections: count,
    }),
  ),
});

export type Status = z.infer<typeof statusSchema>;

const route = createRoute({
  method: "get",
  path: "/status",
  summary: "What is true now: recording, the log, each mirroring with its state and queue; it can be followed",
  request: { query: noParameters },
  responses: {
    200: {
      description: "The status; as a stream an event `status` with each change",
      content: { "application/json": { schema: statusSchema }, "text/event-stream": { schema: z.string() } },
    },
  },
});

async function readStatus(context: ApiContext): Promise<Status> {
  const { live } = context;
  const totals = await readTotals(context);
  const { state: recording, cause } = live.recording();
  const { state: log, damage } = live.logCheck();
  return {
    seq: totals?.appended ?? null,
    recording,
    recording_cause: cause,
    log,
    log_damage: damage,
    rebuilding: live.rebuilding(),
    clients: live.clientConnections(),
    requests: totals?.stats ? requestsOf(totals.stats.total) : null,
    mirrorings: live.mirrorings().map((each) => ({
      mirroring: each.mirroring,
      state: each.state,
      healthy: each.healthy,
      queue_depth: each.queueDepth,
      queue_slots: each.queueSlots,
      queue_bytes: each.queueBytes,
      connections: each.connections,
    })),
  };
}

const requestsOf = (total: StatsRow): NonNullable<Status["requests"]> => ({
  seen: total.requests_total,
  mirrored: total.requests_mirrored,
  errored: total.requests_errored,
  dropped: total.requests_dropped,
});

/** One look serves everybody who asks meanwhile. */
function sharedLook(context: ApiContext): () => Promise<Status> {
  let looking: Promise<Status> | null = null;
  return () => (looking ??= readStatus(context).finally(() => (looking = null)));
}

async function* changes(read: () => Promise<Status>, stop: AbortSignal): AsyncGenerator<string, undefined> {
  yield `retry: ${RETRY_MS}\n\n`;
  let told = "";
  for (let quiet = 0; !stop.aborted; quiet++) {
    const text = JSON.stringify(await read());
    if (text !== told) {
      told = text;
      quiet = 0;
      yield `event: status\ndata: ${text}\n\n`;
    } else if (quiet % QUIET_POLLS === QUIET_POLLS - 1) yield ": still here\n\n";
    await sleep(POLL_MS, undefined, { signal: stop }).catch(() => {});
  }
  return undefined;
}

export function addStatusRoute(api: Api, context: ApiContext): void {
  let open = 0;
  const look = sharedLook(context);
  const pieces = (stop: AbortSignal): AsyncGenerator<string, undefined> => changes(look, stop);
  const follow = (c: Context<ApiEnv>): Response => {
    const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };
    if (c.req.method === "HEAD") return new Response(null, { headers });
    const { closing } = context;
    if (closing.aborted || open >= STREAMS_MAX) throw new BusyError(`there are ${STREAMS_MAX} streams already`);
    open++;
    let isOpen = true;
    const onEnd = (): void => {
      if (isOpen) open--;
      isOpen = false;
    };
    const onSlow = (): void => void c.env?.outgoing?.destroy();
    return new Response(createTextStream({ pieces, end: closing, isAllowed: c.get("isStillAllowed"), onEnd, onSlow }), {
      headers,
    });
  };
  api.openapi(route, async (c) => {
    if (wantsStream(c.req.header("accept"))) return follow(c);
    return c.json(await look(), 200);
  });
}
