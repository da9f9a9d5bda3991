// Reads everything that a verdict about a window needs, of one committed snapshot of the log. Where the evidence of a
// mirroring begins with an epoch, its numbers are those since the epoch.

import type { Kysely } from "kysely";
import type { LogReader } from "../../events/log-reader.ts";
import { requireWhole } from "../../events/projection-state.ts";
import type { LogTables } from "../../events/tables.ts";
import { Histogram } from "../histogram.ts";
import { readWindow, type WindowReading } from "../read-window.ts";
import type { RollupCounters } from "../rollup-counters.ts";
import type { Window } from "../window.ts";
import {
  type ChainFacts,
  type LaneFacts,
  type LatencyFacts,
  type MirroringFacts,
  type ReadinessFacts,
  STATEMENTS_COVERED,
  type StatementsCovered,
} from "./facts.ts";
import { finishedOf } from "./lane-counts.ts";
import { readChains } from "./read-chains.ts";
import { readMirrorings } from "./read-mirrorings.ts";
import { readResidues } from "./read-residue.ts";
import { readStatementFacts, type StatementReading } from "./read-statement-facts.ts";

/** Absent: all of them. */
export interface Selection {
  readonly mirroring?: string | undefined;
  readonly database?: string | undefined;
}

type LaneReading = WindowReading["lanes"][number];

/** One reading for each moment at which the evidence of some mirroring begins. */
interface Reading {
  readonly mirrorings: ReadonlySet<string>;
  readonly window: WindowReading;
  readonly lanes: readonly LaneReading[];
  readonly statements: StatementReading;
}

/** From fine to coarse. */
const RESOLUTIONS = ["exact", "events", "1s", "10s", "1m", "10m", "1h", "1d"];

const coarsest = (resolutions: readonly string[]): string =>
  resolutions.reduce((a, b) => (RESOLUTIONS.indexOf(b) > RESOLUTIONS.indexOf(a) ? b : a), "exact");

const leastCovered = (readings: readonly Reading[]): StatementsCovered =>
  STATEMENTS_COVERED.findLast((each) => readings.some(({ statements }) => statements.covered === each)) ?? "all";

function latencyOf(histogram: Histogram, sumUs: number, maxUs: number): LatencyFacts | null {
  const { count } = histogram;
  if (count === 0) return null;
  const quantileMs = (q: number): number => (histogram.quantile(q) ?? 0) / 1000;
  return {
    count,
    meanMs: sumUs / count / 1000,
    p50Ms: quantileMs(0.5),
    p95Ms: quantileMs(0.95),
    p99Ms: quantileMs(0.99),
    maxMs: maxUs / 1000,
  };
}

function latenciesOf(lanes: readonly LaneReading[]) {
  const [mirror, primary] = [new Histogram(), new Histogram()];
  for (const { rollup } of lanes) {
    mirror.merge(rollup.mirror);
    primary.merge(rollup.primary);
  }
  const sum = (name: keyof RollupCounters): number => lanes.reduce((all, { rollup }) => all + rollup.counters[name], 0);
  const max = (name: keyof RollupCounters): number => Math.max(0, ...lanes.map(({ rollup }) => rollup.counters[name]));
  return {
    mirror: latencyOf(mirror, sum("mirror_sum_us"), max("mirror_max_us")),
    primary: latencyOf(primary, sum("primary_sum_us"), max("primary_max_us")),
  };
}

/** What the books of the window can't explain, or those of the whole log. */
function residueIn({ rollup, inFlight }: LaneReading, sinceEver: number): number {
  const { seen, skipped, selected, unrecorded } = rollup.counters;
  const unseen = Math.abs(seen - skipped - selected - unrecorded);
  const impossible = inFlight === null ? 0 : Math.max(0, -inFlight.from, -inFlight.to);
  return Math.max(unseen + impossible, sinceEver);
}

const NO_STATEMENTS: StatementReading = { resolution: "exact", covered: "all", statements: [], writing: new Set() };

function read(reader: LogReader, window: Window, mirrorings: readonly string[], database?: string): Reading {
  const names = new Set(mirrorings);
  const reading = readWindow(reader, window);
  const lanes = reading.lanes.filter(
    (lane) => names.has(lane.mirroring) && (database === undefined || lane.database === database),
  );
  const statements = names.size === 0 ? NO_STATEMENTS : readStatementFacts(reader, window, lanes);
  return { mirrorings: names, window: reading, lanes, statements };
}

/** Nothing happened on it: no request came, none ended. */
const isIdle = (counters: LaneFacts["counters"]): boolean =>
  counters.seen + counters.selected + finishedOf(counters) === 0;

function laneFacts({ lanes, statements }: Reading, residues: ReadonlyMap<number, number>): LaneFacts[] {
  return lanes.flatMap((reading): LaneFacts[] => {
    const { lane, mirroring, database, rollup } = reading;
    const residue = residueIn(reading, residues.get(lane) ?? 0);
    if (isIdle(rollup.counters) && residue === 0) return [];
    const { counters } = rollup;
    return [
      { mirroring, database, counters, residue, mayWrite: statements.writing.has(lane), ...latenciesOf([reading]) },
    ];
  });
}

const byMirroring = (a: ChainFacts, b: ChainFacts): number => compare(a.mirroring, b.mirroring);
const byName = (a: LaneFacts, b: LaneFacts): number =>
  compare(a.mirroring, b.mirroring) || compare(a.database, b.database);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function readAll(
  reader: LogReader,
  db: Kysely<LogTables>,
  window: Window,
  selection: Selection,
): Promise<ReadinessFacts> {
  const mirrorings = await readMirrorings(db, window, selection);
  // Its bounds are asked for also when there is no mirroring.
  const starts = Map.groupBy(mirrorings, ({ evidenceFrom }: MirroringFacts) => evidenceFrom);
  if (!starts.has(window.from)) starts.set(window.from, []);
  const readings = [...starts].map(([from, each]) => {
    const names = each.map((one) => one.mirroring);
    return read(reader, { from, to: window.to }, names, selection.database);
  });
  const whole = readings.find((each) => each.window.window.from === window.from)!.window;
  const used = readings.filter((each) => each.mirrorings.size > 0);
  const residues = readResidues(reader);
  const unrecorded = used.flatMap(({ lanes }) => lanes.map(({ rollup }) => rollup.counters.unrecorded));
  return {
    window,
    since: whole.since,
    covered: whole.covered,
    resolution: coarsest(used.map((each) => each.window.resolution)),
    statementsResolution: coarsest(used.map(({ statements }) => statements.resolution)),
    statementsCovered: leastCovered(used),
    unrecorded: unrecorded.reduce((sum, count) => sum + count, whole.unrecorded),
    mirrorings,
    lanes: used.flatMap((each) => laneFacts(each, residues)).sort(byName),
    chains: used.flatMap((each) => readChains(reader, each.window.window, each.lanes)).sort(byMirroring),
    total: latenciesOf(used.flatMap(({ lanes }) => lanes)),
    statements: used.flatMap(({ statements }) => statements.statements),
  };
}

/** The projections that the facts come from. */
const PROJECTIONS = ["rollups", "statement_rollups", "observations", "notes", "ledger_balance", "open_requests"];

/** One read transaction, which neither waits for a writer nor makes one wait. Throws rebuilding. */
export function readFacts(reader: LogReader, window: Window, selection: Selection = {}): Promise<ReadinessFacts> {
  return reader.kysely.transaction().execute((db) => factsOf(reader, db, window, selection));
}

/** The same inside a read transaction of the caller's, which `db` belongs to. Throws rebuilding. */
export function factsOf(
  reader: LogReader,
  db: Kysely<LogTables>,
  window: Window,
  selection: Selection = {},
): Promise<ReadinessFacts> {
  requireWhole(reader.db, PROJECTIONS);
  return readAll(reader, db, window, selection);
}
