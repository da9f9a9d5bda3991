// The report as one HTML page that needs nothing else: to be attached to a change, and to be read in years.

import { printable } from "../printable.ts";
import type { Readiness } from "./readiness-schema.ts";
import { markWords, statusWords } from "./readiness-text.ts";
import { grouped, percent } from "./wording.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string => printable(text).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --open: #d29922; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } div.wide { overflow-x: auto; }
.READY, .pass { color: var(--good); } .NOT_READY, .fail { color: var(--bad); } .INCONCLUSIVE, .insufficient, .warn { color: var(--open); }
`;

type Cell = string | number | null;

const cell = (value: Cell, tag: string): string =>
  typeof value === "number"
    ? `<${tag} class="number">${Number(value.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 })}</${tag}>`
    : `<${tag}>${escape(value ?? "")}</${tag}>`;

function table(title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "";
  const heads = head.map((name) => `<th scope="col">${escape(name)}</th>`).join("");
  const body = rows.map((each) => `<tr>${each.map((value) => cell(value, "td")).join("")}</tr>`).join("\n");
  return `<h2>${escape(title)}</h2>\n<div class="wide"><table><thead><tr>${heads}</tr></thead><tbody>\n${body}\n</tbody></table></div>\n`;
}

function list(title: string, sentences: readonly string[]): string {
  if (sentences.length === 0) return "";
  return `<h2>${escape(title)}</h2>\n<ul>\n${sentences.map((each) => `<li>${escape(each)}</li>`).join("\n")}\n</ul>\n`;
}

function criteriaTable({ criteria }: Readiness): string {
  const rows = criteria.map(({ name, status, actual, threshold, detail }) => {
    const mark = `<td class="${status}">${escape(markWords(status))}</td>`;
    return `<tr>${cell(name, "td")}${mark}${cell(actual, "td")}${cell(threshold, "td")}${cell(detail, "td")}</tr>`;
  });
  const head = ["criterion", "status", "actual", "threshold", "detail"]
    .map((name) => `<th scope="col">${name}</th>`)
    .join("");
  return `<h2>Criteria</h2>\n<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>\n`;
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
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Mirror migration readiness: <span class="${verdict}">${escape(statusWords(verdict))}</span></h1>
<p><strong>Confidence ${answer.confidence_score.toFixed(1)}%</strong> (${escape(answer.band)}): ${escape(answer.recommendation)}.</p>
<p>Window ${escape(answer.from)} to ${escape(answer.to)}, ${percent(metrics.observed_share)} of it observed.
Expires: ${escape(answer.expires_at ?? "never")}. Resolution: ${escape(answer.resolution)}.</p>
${list("Assessment", answer.reasons)}${list("Still needed", answer.needed)}${criteriaTable(answer)}${table(
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
  )}${table(
    "Observation",
    ["mirroring", "hours observed", "of the window", "longest gap"],
    metrics.mirrorings.map(({ mirroring, observed_hours: hours, observed_share: part, longest_gap: gap }) => [
      mirroring,
      hours,
      percent(part),
      gap === null ? "none" : `${grouped(Math.ceil(gap.seconds))} s, ${gap.cause}, from ${gap.from}`,
    ]),
  )}${table(
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
  )}${table(
    "Policy",
    ["setting", "value"],
    Object.entries(answer.policy).map(([name, value]) => [name, String(value)]),
  )}</body>
</html>
`;
}
