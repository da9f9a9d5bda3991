// One event as JSON: names instead of ids, RFC 3339 instead of microseconds since the epoch, snake_case as in every
// answer. Durations stay in microseconds (`_us`).

import type { MirrorEvent } from "../events/event.ts";
import type { EventNames } from "./event-names.ts";
import { formatMoment } from "./rfc3339.ts";

type Value = string | number | boolean | null | readonly object[] | Readonly<Record<string, string>>;
export type EventJson = Readonly<Record<string, Value>>;

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function named(name: string, value: Value, names: EventNames): Record<string, Value> {
  switch (name) {
    case "lane": {
      const lane = names.lane(Number(value));
      return { mirroring: lane?.mirroring ?? null, database: lane?.database ?? null };
    }
    case "statement": {
      const statement = names.statement(Number(value));
      return { fingerprint: statement?.fingerprint ?? null, statement: statement?.text ?? null };
    }
    case "from":
    case "to":
      return { [name]: formatMoment(Number(value)) };
    default:
      return { [snakeCase(name)]: value };
  }
}

/** `seq`, `at` and `kind` first, then what the event carries. Unknown names are null. */
export function eventJson(event: MirrorEvent, names: EventNames): EventJson {
  const { seq, at, kind, ...carried } = event;
  const json: Record<string, Value> = { seq, at: formatMoment(at), kind };
  for (const [name, value] of Object.entries(carried)) Object.assign(json, named(name, value, names));
  return json;
}
