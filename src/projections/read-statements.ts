// The statements of a window, each on each lane: whole buckets in the middle, raw events at the edges and for what the
// open bucket has not written yet.

import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import { readKnownExtent } from "./log-extent.ts";
import { bucketStart, STATEMENT_LEVELS } from "./rollup-levels.ts";
import { type Outcome, STATEMENT_SUMS, StatementRollup, type StatementValue } from "./statement-rollup.ts";
import { STATEMENT_CHUNK_EVENTS } from "./statement-rollups.ts";
import type { Window } from "./window.ts";
import { planWindow } from "./window-plan.ts";

/** Raw events of one edge that may be read: a bucket of ten minutes can hold millions. */
const EDGE_EVENTS_MAX = 250_000;

interface StatementWindow {
  readonly lane: number;
  /** 0 for the rest of the lane: what the log or a bucket did not tell apart. */
  readonly statement: number;
  readonly rollup: StatementRollup;
}

export interface StatementsReading {
  readonly window: Window;
  /** The part that the answer covers; null when nothing of it is known any more. */
  readonly covered: Window | null;
  /** `exact`, or the length of the buckets that its edges had to be cut at: `10m`, `1h` or `1d`. */
  readonly resolution: string;
  /** The last event of the snapshot. */
  readonly seq: number;
  readonly statements: readonly StatementWindow[];
}

/**
 * One read transaction. Edges whose raw events were removed, or are more than `edgeEventsMax`, are cut at whole buckets,
 * and the answer says so. Throws rebuilding.
 */
export function readStatements(reader: LogReader, window: Window, edgeEventsMax = EDGE_EVENTS_MAX): StatementsReading {
  return reader.db.transaction(() => read(reader, window, edgeEventsMax))();
}

function read(reader: LogReader, window: Window, edgeEventsMax: number): StatementsReading {
  requireWhole(reader.db, ["statement_rollups", "ledger_balance"]);
  const extent = readKnownExtent(reader);
  const [tenMinutes] = STATEMENT_LEVELS;
  const open = extent.lastSeq === 0 ? null : bucketStart(extent.lastAt, tenMinutes!.us);
  const mayRead = ({ from, to }: Window): boolean => reader.seqAt(to) - reader.seqAt(from) <= edgeEventsMax;
  const { pieces, covered, resolution } = planWindow({ extent, levels: STATEMENT_LEVELS, open, mayRead }, window);

  const statements = new Statements();
  for (const piece of pieces) {
    if (piece.type === "rows") {
      statements.addRows(reader, piece.level.table, piece);
    } else if (piece.type === "events") {
      reader.scanOutcomes(reader.seqAt(piece.from) - 1, reader.seqAt(piece.to) - 1, (event) => statements.add(event));
    }
  }
  const last = pieces.at(-1);
  if (last?.type === "rows" && open !== null && last.to > open) {
    // The rows of the open bucket stand where the last chunk of events ended.
    const chunk = Math.floor(extent.lastSeq / STATEMENT_CHUNK_EVENTS) * STATEMENT_CHUNK_EVENTS;
    const after = Math.max(chunk, reader.seqAt(open)) - 1;
    reader.scanOutcomes(after, extent.lastSeq, (event) => statements.add(event));
  }
  return { window, covered, resolution, seq: extent.lastSeq, statements: statements.values() };
}

type Span = [from: number, to: number];
type SumsRow = readonly [lane: number, statement: number, ...StatementValue[]];
type ErrorsRow = readonly [lane: number, statement: number, errors: string];

class Statements {
  readonly #lanes: Map<number, StatementRollup>[] = [];

  of(lane: number, statement: number): StatementRollup {
    const lanes = (this.#lanes[lane] ??= new Map<number, StatementRollup>());
    let rollup = lanes.get(statement);
    if (rollup === undefined) lanes.set(statement, (rollup = new StatementRollup()));
    return rollup;
  }

  /** Adds the rows of a table whose buckets begin in the span, summed up by SQLite. */
  addRows(reader: LogReader, table: string, { from, to }: Window): void {
    const span = "where bucket >= ? and bucket < ?";
    const sums = `select lane, statement, ${STATEMENT_SUMS.join(", ")} from ${table} ${span} group by lane, statement`;
    for (const row of reader.prepareRaw<Span, SumsRow>(sums).all(from, to)) this.of(row[0], row[1]).mergeRow(row, 2);
    const errors = `select lane, statement, errors from ${table} ${span} and errors is not null order by bucket`;
    for (const [lane, statement, text] of reader.prepareRaw<Span, ErrorsRow>(errors).all(from, to)) {
      this.of(lane, statement).mergeErrors(text);
    }
  }

  add(event: { readonly kind: string } | Outcome): void {
    if (isOutcome(event)) this.of(event.lane, event.statement).add(event);
  }

  /** By lane, then statement: the same whether they were read from rows or from events, and so is what is said of them. */
  values(): StatementWindow[] {
    return this.#lanes.flatMap((lanes, lane) =>
      [...lanes].sort(([a], [b]) => a - b).map(([statement, rollup]) => ({ lane, statement, rollup })),
    );
  }
}

function isOutcome(event: { readonly kind: string } | Outcome): event is Outcome {
  return event.kind === "mirrored" || event.kind === "errored" || event.kind === "dropped";
}
