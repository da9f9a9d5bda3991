// Appends an event and answers with it as it stands in the log.

import type { NewEvent } from "../events/event.ts";
import { eventJson } from "../projections/event-json.ts";
import { createEventNames } from "../projections/event-names.ts";
import type { ApiContext } from "./api-context.ts";
import { type AnsweredEvent, eventJsonSchema } from "./event-json-schema.ts";

/** Rejects with NotRecordedError. */
export async function appendEvent({ appender, reader }: ApiContext, event: NewEvent): Promise<AnsweredEvent> {
  const seq = await appender.append(event);
  const [written] = await reader.readEvents({ after: seq - 1, upTo: seq, limit: 1 });
  if (written === undefined) throw new Error(`event ${seq} was committed and is not in the log`);
  return eventJsonSchema.parse(eventJson(written, createEventNames(reader.db)));
}
