// Each criterion with a bar: how far it is from its threshold, which is the line across all bars.

import { cellHtml, escapeHtml, rowsHtml } from "../html.ts";
import type { Readiness, ReadinessCriterion } from "../readiness/readiness-schema.ts";
import { markWords } from "../readiness/readiness-text.ts";
import { grouped, ms, percent } from "../readiness/wording.ts";

const BAR_WIDTH = 120;
/** Where the threshold stands; a bar that is twice as long as it should be still fits. */
const THRESHOLD_AT = BAR_WIDTH / 2;

const share = (value: number): string => percent(value, 3);
const UNITS: Readonly<Record<string, (value: number) => string>> = {
  error_rate: share,
  divergence_rate: share,
  drop_rate: share,
  exposure: share,
  mean_latency: ms,
  p99_latency: ms,
  latency_ratio: (value) => `${value.toFixed(2)} ×`,
  runtime: (value) => `${value.toFixed(1)} h`,
};

const valueHtml = (name: string, value: number | null): string =>
  cellHtml({ figure: value === null ? "–" : (UNITS[name] ?? grouped)(value) });

function barHtml({ status, actual, threshold }: ReadinessCriterion): string {
  if (actual === null || threshold === null) return "<td></td>";
  // A threshold of zero has no scale: there is nothing, or too much.
  const length = threshold === 0 ? (actual === 0 ? 0 : 1) : actual / threshold / 2;
  const width = Math.min(1, Math.max(0, length)) * BAR_WIDTH;
  const at = threshold === 0 ? 0.5 : THRESHOLD_AT;
  return (
    `<td><svg class="bar" viewBox="0 0 ${BAR_WIDTH} 12" aria-hidden="true"><path class="ground" d="M0 6H${BAR_WIDTH}"/>` +
    `<path class="value ${status}" d="M0 6H${Number(width.toFixed(1))}"/><path class="threshold" d="M${at} 0V12"/></svg></td>`
  );
}

export function criteriaHtml({ criteria }: Readiness): string {
  const rows = criteria.map((criterion) => {
    const { name, status, actual, threshold, mirroring, database, detail } = criterion;
    const where = mirroring === null ? "" : database === null ? mirroring : `${mirroring}/${database}`;
    return `<tr>${[
      cellHtml(name.replaceAll("_", " ")),
      `<td class="${status}">${escapeHtml(markWords(status))}</td>`,
      valueHtml(name, actual),
      valueHtml(name, threshold),
      barHtml(criterion),
      `<td>${escapeHtml(detail)}<div class="sample">${escapeHtml(where)}</div></td>`,
    ].join("")}</tr>`;
  });
  const head = ["criterion", "status", "actual", "threshold", "against the threshold", "detail, and where it is worst"];
  return rowsHtml("Criteria", head, rows);
}
