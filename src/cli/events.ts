// `pgsoak events`: the raw log, one line an event, to its end or following it. Reads the file beside a running service
// or without one.

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import type { EventKind, MirrorEvent } from "../events/event.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import { readExtent } from "../events/extent.ts";
import type { LogReader } from "../events/log-reader.ts";
import { parseWindow } from "../projections/window.ts";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";
import { watchSignals } from "./watch-signals.ts";

const EXAMPLES = `
Examples:
  $ pgsoak events --limit 20                        the first 20 events
  $ pgsoak events --after 41000 --kind errored      errors behind event 41000
  $ pgsoak events --order desc --limit 20           the last 20 events
  $ pgsoak events --mirroring pg18 --database app --from 2026-11-21T10:00:00Z --to 2026-11-21T11:00:00Z
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
  readonly before?: number;
  readonly mirroring?: string;
  readonly database?: string;
  readonly from?: number;
  readonly to?: number;
  readonly order?: "asc" | "desc";
  readonly kind?: EventKind[];
  readonly limit?: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function positiveNumber(text: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

/** Microseconds since the Unix epoch. */
function moment(field: "from" | "to"): (text: string) => number {
  return (text) => {
    try {
      return parseWindow({ [field]: text }, { now: Number.MAX_SAFE_INTEGER, since: -1 })[field];
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}

/** Who asks for events that retention has removed must not take the rest for all there was. */
function tellRemoved({ stderr }: CliContext, reader: LogReader, { after, follow = false }: EventsOptions): void {
  const { removedSeq } = readExtent(reader.db);
  if ((after ?? (follow ? removedSeq : 0)) >= removedSeq) return;
  stderr(`pgsoak: retention has removed the events up to ${removedSeq}\n`);
}

/** The pages of events that the options ask for; with `follow` it waits for more until it is stopped. */
async function* readPages(
  reader: LogReader,
  options: EventsOptions,
  stop: AbortSignal,
): AsyncGenerator<readonly MirrorEvent[]> {
  const { readEventPage } = await import("../projections/event-page.ts");
  const { kind: kinds, mirroring, database, from, to, follow = false, order = "asc" } = options;
  let { limit: left = Number.POSITIVE_INFINITY, before } = options;
  let after = options.after ?? (follow ? reader.lastSeq() : 0);
  while (left > 0 && !stop.aborted) {
    const seen = reader.commitsSeen();
    const limit = Math.min(left, PAGE_EVENTS);
    const page = await readEventPage(reader, { kinds, mirroring, database, from, to, after, before, limit, order });
    yield page.events;
    left -= page.events.length;
    if (order === "asc") after = page.position;
    else before = page.position;
    if (page.next !== null) continue;
    if (!follow) return;
    while (!stop.aborted && reader.commitsSeen() === seen) await sleep(POLL_MS);
  }
}

async function printEvents(context: CliContext, options: EventsOptions): Promise<void> {
  if (options.follow === true && options.order === "desc") {
    throw new PgsoakError("usage", "--follow and --order desc: what comes, comes in its order");
  }
  using reader = await openLog(context, options);
  const { createEventNames } = await import("../projections/event-names.ts");
  const { eventJson } = await import("../projections/event-json.ts");
  const { eventText } = await import("../projections/event-text.ts");
  const names = createEventNames(reader.db);
  const line = (event: MirrorEvent): string =>
    options.json === true ? JSON.stringify(eventJson(event, names)) : eventText(event, names);
  tellRemoved(context, reader, options);
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
    .addOption(new Option("--before <seq>", "events before this one").argParser(wholeNumber))
    .option("--mirroring <name>", "events of this mirroring only")
    .option("--database <name>", "events of this database only, as clients name it")
    .addOption(
      new Option("--from <moment>", "events from this moment on, RFC 3339 or Unix seconds").argParser(moment("from")),
    )
    .addOption(new Option("--to <moment>", "events before this moment").argParser(moment("to")))
    .addOption(new Option("--order <order>", "desc: the newest first").choices(["asc", "desc"]).default("asc"))
    .addOption(new Option("--limit <count>", "stop after so many events").argParser(positiveNumber))
    .addOption(new Option("--follow", "wait for more events; Ctrl-C ends it").conflicts(["before", "to"]))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: EventsOptions) => printEvents(context, options));
}
