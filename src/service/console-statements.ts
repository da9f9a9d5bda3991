// The statements of a window as the admin console shows them, the worst first.

import type { StatementLine } from "../api/console/console-source.ts";
import type { LogReader } from "../events/log-reader.ts";
import { readStatements } from "../projections/read-statements.ts";
import type { StatementRollup } from "../projections/statement-rollup.ts";
import type { Window } from "../projections/window.ts";

const LINES_MAX = 50;
/** What the log or a bucket did not tell apart. */
const REST = "(other)";

/** Throws rebuilding. */
export function readConsoleStatements(reader: LogReader, window: Window): StatementLine[] {
  const lanes = new Map(reader.lanes().map((lane) => [lane.id, lane]));
  const read = readStatements(reader, window).statements.map(({ lane, statement, rollup }) => {
    return { lane: lanes.get(lane), statement, figures: figuresOf(rollup) };
  });
  const worst = read.toSorted(
    ({ figures: a }, { figures: b }) => b.errors - a.errors || b.divergences - a.divergences || b.calls - a.calls,
  );
  return worst.slice(0, LINES_MAX).map(({ lane, statement, figures }) => ({
    mirroring: lane?.mirroring ?? "",
    database: lane?.database ?? "",
    statement: reader.statementText(statement) ?? REST,
    ...figures,
  }));
}

function figuresOf({ calls, counters, mirror, primary }: StatementRollup) {
  const { parity_different_rows: rows, parity_different_content: content } = counters;
  const { parity_different_error: error, parity_primary_failed: primaryFailed } = counters;
  const [mirrorUs, primaryUs] = [mirror.quantile(0.95), primary.quantile(0.95)];
  return {
    calls,
    errors: counters.errored,
    divergences: rows + content + error + primaryFailed,
    mirrorP95Ms: mirrorUs === null ? null : mirrorUs / 1000,
    primaryP95Ms: primaryUs === null ? null : primaryUs / 1000,
    ratio: mirrorUs === null || primaryUs === null || primaryUs === 0 ? null : mirrorUs / primaryUs,
  };
}
