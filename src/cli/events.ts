// `pgsoak events`: the raw log, one line an event, to its end or following it. Reads the file beside a running service
// or without one.

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import type { EventKind, MirrorEvent } from "../events/event.ts";
import type { LogReader } from "../events/log-reader.ts";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";
import { watchSignals } from "./watch-signals.ts";

const EXAMPLES = `
Examples:
  $ pgsoak events --limit 20                        the first 20 events
  $ pgsoak events --after 41000 --kind errored      errors behind event 41000
  $ pgsoak events --follow                          what happens from now on
  $ pgsoak events --follow --after 0 --json | jq .  everything, then what happens, as JSON lines
`;

/** Written out, so that --help needs neither the schema nor SQLite. */
const KINDS = {
  queued: true,
  mirrored: true,
  errored: true,
  dropped: true,
  tallied: true,
  skipped: true,
  unrecorded: true,
  run_started: true,
  run_stopped: true,
  observation_changed: true,
  epoch_started: true,
  marked: true,
  counters_reset: true,
  mirror_seen: true,
  idled: true,
} as const satisfies Record<EventKind, true>;

/** Events that are read and printed between two looks at the signals. */
const PAGE_EVENTS = 1000;
/** How soon a new batch is seen. */
const POLL_MS = 100;

interface EventsOptions extends LogOptions {
  readonly after?: number;
  readonly kind?: EventKind[];
  readonly limit?: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

/** Changes whenever another connection has committed (sqlite.org/pragma.html#pragma_data_version). */
const commitsSeen = ({ db }: LogReader): unknown => db.pragma("data_version", { simple: true });

/** The pages of events that the options ask for; with `follow` it waits for more until it is stopped. */
async function* readPages(reader: LogReader, options: EventsOptions, stop: AbortSignal): AsyncGenerator<MirrorEvent[]> {
  const { kind, follow = false, limit = Number.POSITIVE_INFINITY } = options;
  let after = options.after ?? (follow ? reader.lastSeq() : 0);
  let left = limit;
  while (left > 0 && !stop.aborted) {
    const seen = commitsSeen(reader);
    const end = reader.lastSeq();
    const size = Math.min(left, PAGE_EVENTS);
    const page = await reader.readEvents({ after, limit: size, ...(kind === undefined ? {} : { kinds: kind }) });
    yield page;
    left -= page.length;
    after = page.at(-1)?.seq ?? after;
    if (page.length === size) continue;
    if (!follow) return;
    // Nothing up to the end was left out: the next look need not pass over the events of other kinds again.
    after = Math.max(after, end);
    while (!stop.aborted && commitsSeen(reader) === seen) await sleep(POLL_MS);
  }
}

async function printEvents(context: CliContext, options: EventsOptions): Promise<void> {
  using reader = await openLog(context, options);
  const { createEventNames } = await import("../projections/event-names.ts");
  const { eventJson } = await import("../projections/event-json.ts");
  const { eventText } = await import("../projections/event-text.ts");
  const names = createEventNames(reader.db);
  const line = (event: MirrorEvent): string =>
    options.json === true ? JSON.stringify(eventJson(event, names)) : eventText(event, names);
  using signals = watchSignals();
  for await (const page of readPages(reader, options, signals.stop)) {
    if (page.length > 0) context.stdout(page.map((event) => `${line(event)}\n`).join(""));
    // Signals and a closed pipe are told in a turn of their own.
    await nextTurn();
  }
}

export function eventsCommand(context: CliContext): Command {
  return new Command("events")
    .description("print the events of the log")
    .addOption(configOption())
    .addOption(dbOption())
    .addOption(
      new Option(
        "--after <seq>",
        "events behind this one; without it from the beginning, or with --follow from now on",
      ).argParser(wholeNumber),
    )
    .addOption(new Option("--kind <kind...>", "events of these kinds only").choices(Object.keys(KINDS)))
    .addOption(new Option("--limit <count>", "stop after so many events").argParser(wholeNumber))
    .option("--follow", "wait for more events; Ctrl-C ends it")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: EventsOptions) => printEvents(context, options));
}
