// One event as a line for people: position, time, kind, where it happened and what it carries.

import type { MirrorEvent } from "../events/event.ts";
import type { EventNames } from "./event-names.ts";
import { printable } from "./printable.ts";
import { formatMoment } from "./rfc3339.ts";

const KIND_WIDTH = "observation_changed".length;

const ms = (us: number): string => `${(us / 1000).toFixed(2)} ms`;

function latencies(event: { mirrorUs: number; primaryUs: number; waitUs: number }): string {
  return `mirror ${ms(event.mirrorUs)}, primary ${ms(event.primaryUs)}, waited ${ms(event.waitUs)}`;
}

/** The root of a consequence, where there is one. */
const rootOf = (root: number | null): string => (root === null ? "" : `, after request ${root}`);

/** What the event carries, in words. */
function carried(event: MirrorEvent): string {
  let words: string;
  switch (event.kind) {
    case "queued":
      words = `request ${event.request}, session ${event.session}, ${event.bytes} bytes`;
      break;
    case "mirrored":
      words = `request ${event.request}, ${event.parity}, rows ${event.rows}, ${latencies(event)}${rootOf(event.root)}`;
      break;
    case "errored": {
      const failure = `${event.category} (${event.attribution}) ${event.sqlstate} ${event.message}`;
      words = `request ${event.request}, ${failure}, ${latencies(event)}${rootOf(event.root)}`;
      break;
    }
    case "dropped":
      words = `request ${event.request}, ${event.reason}`;
      break;
    case "tallied":
      words = `${event.seen} seen`;
      break;
    case "skipped":
      words = `${event.count} ${event.reason}`;
      break;
    case "run_started": {
      const mirrorings = event.mirrorings.map(({ name }) => name).join(", ") || "none";
      const about = `version ${event.version}, host ${event.host}, configuration ${event.configHash}`;
      const unrecorded = event.metricsEnabled ? "" : ", nothing is recorded";
      words = `run ${event.run}, ${about}, mirrorings ${mirrorings}${unrecorded}`;
      break;
    }
    case "run_stopped":
      words = `run ${event.run}`;
      break;
    case "observation_changed":
      words = `${event.mirroring} ${event.state}: ${event.cause}`;
      break;
    case "unrecorded": {
      const requests = event.requests === null ? "an unknown number of" : String(event.requests);
      words = `${requests} requests, ${event.cause}, ${formatMoment(event.from)} to ${formatMoment(event.to)}`;
      break;
    }
    case "epoch_started": {
      const change = event.before === "" && event.after === "" ? "" : `: ${event.before} -> ${event.after}`;
      words = `${event.mirroring ?? "all mirrorings"}, ${event.what}${change} (${event.who})`;
      break;
    }
    case "marked":
      words = `${event.text} (${event.who})`;
      break;
    case "counters_reset":
      words = `by ${event.who}`;
      break;
    case "mirror_seen": {
      const facts = Object.entries(event.facts).map(([name, value]) => `${name} ${value}`);
      words = `${event.mirroring}${event.database === null ? "" : `/${event.database}`}: ${facts.join(", ")}`;
      break;
    }
    case "idled":
      words = "nothing to record";
      break;
  }
  return words;
}

/** One printable line without its line feed. */
export function eventText(event: MirrorEvent, names: EventNames): string {
  const lane = "lane" in event && event.lane !== null ? names.lane(event.lane) : null;
  const statement = "statement" in event ? names.statement(event.statement) : null;
  const parts = [
    String(event.seq),
    formatMoment(event.at),
    event.kind.padEnd(KIND_WIDTH),
    ...(lane === null ? [] : [`${lane.mirroring}/${lane.database}`]),
    carried(event),
    ...(statement === null ? [] : [`| ${statement.text}`]),
  ];
  return parts.map((part, index) => (index === 2 ? part : printable(part))).join("  ");
}
