// The report as one HTML page that needs nothing else: to be attached to a change, and to be read in years.

import { cellHtml, escapeHtml, listHtml, rowsHtml, tableHtml } from "../html.ts";
import type { Readiness } from "./readiness-schema.ts";
import { markWords, statusWords } from "./readiness-text.ts";
import { grouped, percent } from "./wording.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --open: #d29922; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } div.wide { overflow-x: auto; }
.READY, .pass { color: var(--good); } .NOT_READY, .fail { color: var(--bad); } .INCONCLUSIVE, .insufficient, .warn { color: var(--open); }
`;

function criteriaTable({ criteria }: Readiness): string {
  const rows = criteria.map(({ name, status, actual, threshold, detail }) => {
    const mark = `<td class="${status}">${escapeHtml(markWords(status))}</td>`;
    return `<tr>${cellHtml(name)}${mark}${cellHtml(actual)}${cellHtml(threshold)}${cellHtml(detail)}</tr>`;
  });
  return rowsHtml("Criteria", ["criterion", "status", "actual", "threshold", "detail"], rows);
}

const share = (value: number | null): string => (value === null ? "n/a" : percent(value, 3));

export function readinessHtml(answer: Readiness): string {
  const { verdict, metrics } = answer;
  const title = `Mirror migration readiness: ${statusWords(verdict)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Mirror migration readiness: <span class="${verdict}">${escapeHtml(statusWords(verdict))}</span></h1>
<p><strong>Confidence ${answer.confidence_score.toFixed(1)}%</strong> (${escapeHtml(answer.band)}): ${escapeHtml(answer.recommendation)}.</p>
<p>Window ${escapeHtml(answer.from)} to ${escapeHtml(answer.to)}, ${percent(metrics.observed_share)} of it observed.
Expires: ${escapeHtml(answer.expires_at ?? "never")}. Resolution: ${escapeHtml(answer.resolution)}.</p>
${listHtml("Assessment", answer.reasons)}${listHtml("Still needed", answer.needed)}${criteriaTable(answer)}${tableHtml(
    "Databases",
    ["mirroring", "database", "requests", "error rate", "divergence rate", "mean ms", "p99 ms"],
    metrics.databases.map((each) => [
      each.mirroring,
      each.database,
      each.total_requests,
      share(each.error_rate),
      share(each.divergence_rate),
      each.latency.mirror?.avg_ms ?? null,
      each.latency.mirror?.p99_ms ?? null,
    ]),
  )}${tableHtml(
    "Observation",
    ["mirroring", "hours observed", "of the window", "longest gap"],
    metrics.mirrorings.map(({ mirroring, observed_hours: hours, observed_share: part, longest_gap: gap }) => [
      mirroring,
      hours,
      percent(part),
      gap === null ? "none" : `${grouped(Math.ceil(gap.seconds))} s, ${gap.cause}, from ${gap.from}`,
    ]),
  )}${tableHtml(
    "Worst statements",
    ["statement", "calls", "errors", "dropped", "differences", "mirror p95 ms", "primary p95 ms"],
    metrics.worst_statements.map((each) => [
      each.statement,
      each.calls,
      each.errored,
      each.dropped,
      each.divergent,
      each.mirror_p95_ms,
      each.primary_p95_ms,
    ]),
  )}${tableHtml(
    "Policy",
    ["setting", "value"],
    Object.entries(answer.policy).map(([name, value]) => [name, String(value)]),
  )}</body>
</html>
`;
}
