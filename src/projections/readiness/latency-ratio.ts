// Statements that the mirror answers far more slowly than the primary. A ratio of two small numbers, or of a few
// executions, says nothing.

import { printable } from "../printable.ts";
import { type Criterion, EVERYWHERE, type Judgement } from "./criterion.ts";
import type { StatementFacts, StatementsCovered } from "./facts.ts";
import { ms } from "./wording.ts";

const EXECUTIONS_MIN = 30;
const DIFFERENCE_MS_MIN = 5;
const NAMED_MAX = 3;
const SHOWN_CHARACTERS = 80;

interface Compared {
  readonly statement: StatementFacts;
  readonly mirrorMs: number;
  readonly primaryMs: number;
  /** The mirror's p95 ÷ the primary's; a primary that took no time at all is taken for a microsecond. */
  readonly ratio: number;
}

/** Null for a statement with too few executions. */
function compare(statement: StatementFacts): Compared | null {
  const { executions, mirrorP95Ms: mirrorMs, primaryP95Ms: primaryMs } = statement;
  if (executions < EXECUTIONS_MIN || mirrorMs === null || primaryMs === null) return null;
  return { statement, mirrorMs, primaryMs, ratio: mirrorMs / Math.max(primaryMs, 0.001) };
}

const isSlower = ({ ratio, mirrorMs, primaryMs }: Compared, threshold: number): boolean =>
  ratio > threshold && mirrorMs - primaryMs >= DIFFERENCE_MS_MIN;

/** The statements whose mirror p95 breaks the rule. */
export function slowerStatements(statements: readonly StatementFacts[], threshold: number | null): Set<StatementFacts> {
  const compared = statements.flatMap((each) => compare(each) ?? []);
  return new Set(
    compared.filter((each) => threshold !== null && isSlower(each, threshold)).map(({ statement }) => statement),
  );
}

function named({ statement, ratio, mirrorMs, primaryMs }: Compared): string {
  const text = printable(statement.text);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `${shown} (p95 ${ms(mirrorMs)} instead of ${ms(primaryMs)}, ratio ${ratio.toFixed(2)})`;
}

const countWords = (statements: number): string => (statements === 1 ? "1 statement" : `${statements} statements`);

function judgePlace(compared: readonly Compared[], threshold: number): Judgement {
  const slower = compared.filter((each) => isSlower(each, threshold)).sort((a, b) => b.ratio - a.ratio);
  const [first] = compared.toSorted((a, b) => b.ratio - a.ratio);
  const { mirroring, database } = first!.statement;
  const about = { threshold, mirroring, database };
  if (slower.length === 0) {
    // A ratio above the threshold that is met all the same would look like a mistake.
    const close = first!.ratio > threshold ? `, or less than ${DIFFERENCE_MS_MIN} ms apart` : "";
    const detail = `Latency ratio of ${countWords(compared.length)} within threshold ${threshold}${close}`;
    return { ...about, status: "pass", actual: first!.ratio, badness: first!.ratio, detail };
  }
  const names = slower.slice(0, NAMED_MAX).map(named).join("; ");
  const more = slower.length > NAMED_MAX ? `; and ${slower.length - NAMED_MAX} more` : "";
  const what = countWords(slower.length);
  const detail = `Latency ratio of ${what} exceeds threshold ${threshold}: ${names}${more}`;
  return { ...about, status: "fail", actual: slower[0]!.ratio, badness: slower[0]!.ratio, detail };
}

const CANNOT = "Latency ratio cannot be evaluated";
const WHY: Readonly<Record<StatementsCovered, string>> = {
  all: `no statement has ${EXECUTIONS_MIN} executions on both sides`,
  part: "the statements could not be read for all of this window",
  none: "the statements could not be read for this window",
};

function nothingCompared(covered: StatementsCovered, threshold: number): Judgement {
  const detail = `${CANNOT}: ${WHY[covered]}`;
  return { status: "pass", actual: null, threshold, badness: 0, detail, ...EVERYWHERE };
}

export const latencyRatio: Criterion = {
  name: "latency_ratio",
  setting: "max_latency_ratio",
  group: "latency_ratio",
  judge: ({ statements, statementsCovered }, { max_latency_ratio: threshold }) => {
    if (threshold === null) return [];
    const compared = statements.flatMap((each) => compare(each) ?? []);
    if (compared.length === 0) return [nothingCompared(statementsCovered, threshold)];
    const places = Map.groupBy(compared, ({ statement }) => `${statement.mirroring}\0${statement.database}`);
    return [...places.values()].map((each) => judgePlace(each, threshold));
  },
  absent: { status: "pass", detail: `${CANNOT}: ${WHY.all}` },
};
