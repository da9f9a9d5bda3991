// GET /events: the raw log, page by page, or with `Accept: text/event-stream` from a position on without an end.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { parseWindow } from "../projections/window.ts";
import type { Api, ApiContext, ApiEnv } from "./api-context.ts";
import { eventJsonSchema } from "./event-json-schema.ts";
import { createEventStream } from "./event-stream.ts";
import { checkMirroring } from "./known-mirroring.ts";
import {
  kindsParameter,
  limitParameter,
  selectionParameters,
  seqParameter,
  windowOr400,
  windowParameters,
} from "./log-parameters.ts";
import { LogEnd } from "./log-end.ts";
import { BusyError } from "./log-questions.ts";
import { ProblemError } from "./problem.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";
import { wantsStream } from "./wants-stream.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;
/** Streams at a time: each is an open connection and a share of the reader's time. */
const STREAMS_MAX = 20;
/** Parameters that choose an end, which a stream doesn't have. */
const PAGE_PARAMETERS = ["before", "from", "to", "limit", "order"] as const;

const querySchema = z.strictObject({
  after: seqParameter.optional().meta({ description: "events behind this seq", examples: ["0"] }),
  before: seqParameter.optional().meta({ description: "events before this seq", examples: ["1000"] }),
  kind: kindsParameter
    .optional()
    .meta({ description: "kinds of events, repeated or with commas between them", examples: ["errored,dropped"] }),
  ...selectionParameters,
  from: windowParameters.from,
  to: windowParameters.to,
  limit: limitParameter(LIMIT_MAX)
    .optional()
    .meta({ description: `1 to ${LIMIT_MAX}, by default ${LIMIT_DEFAULT}`, examples: ["20"] }),
  order: z.enum(["asc", "desc"]).optional().describe("desc: the newest first"),
});

type EventsQuery = z.output<typeof querySchema>;

const route = createRoute({
  method: "get",
  path: "/events",
  summary: "The raw log by seq; with Accept: text/event-stream it is followed",
  parameters: [
    {
      name: "Last-Event-ID",
      in: "header",
      schema: {
        type: "string",
        pattern: "^\\d{0,15}$",
        description: "the seq behind which a stream begins; it wins over `after`",
        examples: ["0"],
      },
    },
  ],
  request: { query: querySchema },
  responses: {
    200: {
      description: "Events; `next` is the `after` (with order=desc the `before`) of the next page, null at the end",
      content: {
        "application/json": { schema: z.object({ events: z.array(eventJsonSchema), next: z.int().nullable() }) },
        "text/event-stream": { schema: z.string() },
      },
    },
    503: rebuildingResponse,
  },
});

function filterOf({ kind: kinds, mirroring, database }: EventsQuery) {
  return { kinds, mirroring, database };
}

export function addEventsRoute(api: Api, context: ApiContext): void {
  const streams: Streams = { open: 0, logEnd: new LogEnd(context.questions) };
  api.openapi(route, async (c) => {
    const query = c.req.valid("query");
    if (query.mirroring !== undefined) await checkMirroring(context, query.mirroring);
    if (wantsStream(c.req.header("accept"))) return await stream(c, context, query, streams);
    const { after, before, limit = LIMIT_DEFAULT, order = "asc" } = query;
    const { from, to } = windowOr400(() => spanOf(query));
    const which = { ...filterOf(query), after, before, from, to, limit, order };
    const page = await context.questions.ask({ kind: "events", ...which });
    const events = page.lines.map(({ json }) => json).join(",");
    return c.body(`{"events":[${events}],"next":${page.next}}`, 200, { "content-type": "application/json" });
  });
}

/** What is not said has no end. */
function spanOf({ from, to }: EventsQuery): { from?: number; to?: number } {
  const window = parseWindow({ from, to }, { now: Number.MAX_SAFE_INTEGER, since: -1 });
  return { ...(from === undefined ? {} : { from: window.from }), ...(to === undefined ? {} : { to: window.to }) };
}

/** All that are open, and what they share. */
interface Streams {
  open: number;
  readonly logEnd: LogEnd;
}

async function stream(
  c: Context<ApiEnv>,
  context: ApiContext,
  query: EventsQuery,
  streams: Streams,
): Promise<Response> {
  const { questions, closing } = context;
  const surplus = PAGE_PARAMETERS.find((name) => query[name] !== undefined);
  if (surplus !== undefined) throw new ProblemError("invalid_parameter", "a stream has no end", surplus);
  const after =
    lastEventId(c.req.header("last-event-id")) ?? query.after ?? (await questions.ask({ kind: "position" }));
  const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };
  if (c.req.method === "HEAD") return new Response(null, { headers });
  if (closing.aborted || streams.open >= STREAMS_MAX) throw new BusyError(`there are ${STREAMS_MAX} streams already`);
  streams.open++;
  let isOpen = true;
  const onEnd = (): void => {
    if (isOpen) streams.open--;
    isOpen = false;
  };
  const source = { logEnd: streams.logEnd, questions };
  const onSlow = (): void => void c.env?.outgoing?.destroy();
  const ends = { end: closing, isAllowed: c.get("isStillAllowed"), onEnd, onSlow };
  const body = createEventStream({ ...source, filter: filterOf(query), after, ...ends });
  return new Response(body, { headers });
}

function lastEventId(header: string | undefined): number | null {
  if (header === undefined || header === "") return null;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw new ProblemError("invalid_parameter", "Last-Event-ID: expected a seq of the log", "Last-Event-ID");
}
