// What readiness asks of the statements of a window: their errors and differences, both p95, and whether they may write.

import type { LogReader } from "../../events/log-reader.ts";
import { createEventNames } from "../event-names.ts";
import type { Histogram } from "../histogram.ts";
import { readStatements, type StatementsReading } from "../read-statements.ts";
import type { StatementRollup } from "../statement-rollup.ts";
import type { Window } from "../window.ts";
import type { StatementFacts, StatementsCovered } from "./facts.ts";
import { mayWrite } from "./may-write.ts";

/** The rest of a lane: what the log or a bucket did not tell apart. */
const OTHER = { fingerprint: "other", text: "(other statements)" };

export interface LaneName {
  readonly lane: number;
  readonly mirroring: string;
  readonly database: string;
}

export interface StatementReading {
  readonly resolution: string;
  readonly covered: StatementsCovered;
  readonly statements: readonly StatementFacts[];
  /** Lanes with a statement that writes, or may for all that is known: all of them where not all statements are known. */
  readonly writing: ReadonlySet<number>;
}

const p95Ms = (histogram: Histogram): number | null => {
  const us = histogram.quantile(0.95);
  return us === null ? null : us / 1000;
};

function countsOf({ counters, calls, errors }: StatementRollup) {
  const { errored, dropped, parity_different_rows: rows, parity_different_content: content } = counters;
  const divergent = rows + content + counters.parity_different_error + counters.parity_primary_failed;
  const byCode = [...(errors?.byCode() ?? [])];
  return {
    calls,
    errored,
    dropped,
    divergent,
    errors: Object.fromEntries(byCode.map(([code, { count }]) => [code, count] as const)),
    messages: Object.fromEntries(byCode.map(([code, { message }]) => [code, message] as const)),
  };
}

function coveredOf({ covered, resolution }: StatementsReading): StatementsCovered {
  if (covered === null) return "none";
  return resolution === "exact" ? "all" : "part";
}

/** Called inside a read transaction. */
export function readStatementFacts(reader: LogReader, window: Window, lanes: readonly LaneName[]): StatementReading {
  const names = createEventNames(reader.db);
  const byId = new Map(lanes.map((each) => [each.lane, each]));
  const reading: StatementsReading = readStatements(reader, window);
  const covered = coveredOf(reading);
  const writing = new Set(covered === "all" ? [] : byId.keys());
  const statements = reading.statements.flatMap(({ lane, statement, rollup }): StatementFacts[] => {
    const name = byId.get(lane);
    if (name === undefined) return [];
    const known = statement === 0 ? null : names.statement(statement);
    if (known === null || mayWrite(known.text)) writing.add(lane);
    const { mirroring, database } = name;
    const { fingerprint, text } = known ?? OTHER;
    // Of statements that are not told apart no latency can be compared.
    const latencies =
      known === null
        ? { executions: 0, mirrorP95Ms: null, primaryP95Ms: null }
        : { executions: rollup.mirror.count, mirrorP95Ms: p95Ms(rollup.mirror), primaryP95Ms: p95Ms(rollup.primary) };
    return [{ mirroring, database, fingerprint, text, ...countsOf(rollup), ...latencies }];
  });
  return { resolution: reading.resolution, covered, statements, writing };
}
