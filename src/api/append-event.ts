// Appends an event and answers with it as it stands in the log. The log is not asked again: an event that is in it must not
// be answered with an error because reading fails.

import type { NewEvent } from "../events/event.ts";
import { eventJson } from "../projections/event-json.ts";
import type { EventNames } from "../projections/event-names.ts";
import type { ApiContext } from "./api-context.ts";
import { type AnsweredEvent, eventJsonSchema } from "./event-json-schema.ts";

/** What people append: notes, epochs and resets, none of which names a lane or a statement. */
type Appended = Extract<NewEvent, { kind: "marked" | "epoch_started" | "counters_reset" }>;

const NO_NAMES: EventNames = { lane: () => null, statement: () => null };

/** Rejects with NotRecordedError. */
export async function appendEvent({ appender }: ApiContext, event: Appended): Promise<AnsweredEvent> {
  const { seq, at } = await appender.append(event);
  return eventJsonSchema.parse(eventJson({ ...event, seq, at }, NO_NAMES));
}
