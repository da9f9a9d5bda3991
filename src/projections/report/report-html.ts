// The report for a change board as one HTML page that needs nothing else: to be printed, attached and read in years. The
// short one, of the verdict alone, is readiness-html.ts.

import { type Cell, cellHtml, escapeHtml, listHtml, rowsHtml, secondOf, tableHtml } from "../html.ts";
import { statusWords } from "../readiness/readiness-text.ts";
import { grouped, percent } from "../readiness/wording.ts";
import { chartsHtml } from "./charts-html.ts";
import { criteriaHtml } from "./criteria-html.ts";
import { GAPS_MAX, observedChart } from "./observed-chart.ts";
import { originHtml } from "./origin-html.ts";
import type { Report } from "./report.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { createTimeAxis, type Mark } from "./time-axis.ts";

const share = (value: number | null): Cell => ({ figure: value === null ? "n/a" : percent(value, 3) });

/** Milliseconds with no more digits than a quantile is exact to. */
const latency = (ms: number | null | undefined): number | null =>
  typeof ms === "number" ? Number(ms.toPrecision(3)) : null;

/** Who reads the verdict must see beside it that it was asked for by other rules than the agreed ones. */
function overridesHtml({ overrides }: Report): string {
  if (overrides.length === 0) return "";
  const words = overrides.map(({ setting, asked, stored }) => `${setting} ${asked} instead of ${stored}`).join("; ");
  return `<p><strong>Judged by other thresholds than the configured ones:</strong> ${escapeHtml(words)}.</p>\n`;
}

function bannerHtml(report: Report): string {
  const { answer, window } = report;
  const { metrics } = answer;
  const isCut = metrics.mirrorings.some(({ epoch }) => epoch !== null);
  const since = isCut ? " since the last epoch" : "";
  return `<div class="banner ${answer.verdict}">
<div class="verdict">${escapeHtml(statusWords(answer.verdict))}</div>
<p><strong>Confidence ${answer.confidence_score.toFixed(1)}%</strong> (${escapeHtml(answer.band)}): ${escapeHtml(answer.recommendation)}.</p>
<p>Window ${secondOf(window.from)} to ${secondOf(window.to)}, ${percent(metrics.observed_share)} of it observed,
${grouped(metrics.total_requests)} requests${since}. The verdict expires: ${escapeHtml(answer.expires_at?.replace(/\.\d+/, "") ?? "never")}.</p>
${overridesHtml(report)}</div>
`;
}

function gapsHtml({ timelines }: Report): string {
  const gaps = timelines.flatMap(({ mirroring, gaps: own }) => own.map((gap) => ({ mirroring, ...gap })));
  const longest = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, GAPS_MAX);
  const title = gaps.length > GAPS_MAX ? `Gaps (the ${GAPS_MAX} longest of ${gaps.length})` : "Gaps";
  return tableHtml(
    title,
    ["mirroring", "from", "to", "seconds", "cause"],
    longest.map(({ mirroring, from, to, cause }) => [
      mirroring,
      { at: from },
      { at: to },
      (to - from) / 1e6,
      cause.replaceAll("_", " "),
    ]),
  );
}

/** Epochs are E1, E2, …, notes N1, N2, …: as in the charts. */
function notesOf({ epochs, markers }: Report): (Mark & { readonly words: string; readonly who: string })[] {
  return [
    ...epochs.map(({ at, mirroring, what, before, after, who }, index) => {
      const change = before === "" && after === "" ? what : `${what}: ${before} → ${after}`;
      const words = `${change} (${mirroring ?? "all mirrorings"}; earlier evidence does not count)`;
      return { at, label: `E${index + 1}`, words, who };
    }),
    ...markers.map(({ at, text, who }, index) => ({ at, label: `N${index + 1}`, words: text, who })),
  ].sort((a, b) => a.at - b.at);
}

function statementsHtml({ answer, samples }: Report): string {
  const rows = answer.metrics.worst_statements.map((each, index) => {
    const errors = (samples[index] ?? []).map(
      ({ code, message }) =>
        `<div class="sample">${escapeHtml(`${code} × ${grouped(each.errors[code] ?? 0)}: ${message}`)}</div>`,
    );
    const where = `${each.mirroring}/${each.database}, ${each.fingerprint}`;
    const text = `<td><code>${escapeHtml(each.statement)}</code><div class="sample">${escapeHtml(where)}</div>${errors.join("")}</td>`;
    const figures = [each.calls, each.errored, each.dropped, each.divergent];
    const latencies = [each.mirror_p95_ms, each.primary_p95_ms].map(latency);
    return `<tr>${text}${[...figures, ...latencies].map(cellHtml).join("")}</tr>`;
  });
  const head = ["statement", "calls", "errors", "dropped", "differences", "mirror p95 ms", "primary p95 ms"];
  return rowsHtml("Worst statements", head, rows);
}

function databasesHtml({ answer }: Report): string {
  return tableHtml(
    "Databases",
    ["mirroring", "database", "requests", "error rate", "divergence rate", "mean ms", "p99 ms", "primary p99 ms"],
    answer.metrics.databases.map(({ mirroring, database, latency: { mirror, primary }, ...lane }) => {
      const latencies = [mirror?.avg_ms, mirror?.p99_ms, primary?.p99_ms].map(latency);
      return [
        mirroring,
        database,
        lane.total_requests,
        share(lane.error_rate),
        share(lane.divergence_rate),
        ...latencies,
      ];
    }),
  );
}

export function reportHtml(report: Report): string {
  const { answer, window } = report;
  const title = `Mirror migration readiness: ${statusWords(answer.verdict)}`;
  const notes = notesOf(report);
  const axis = createTimeAxis(window, notes);
  const noteRows = notes.map(({ label, at, words, who }): Cell[] => [label, { at }, words, who]);
  const epochs =
    report.epochs.length === 0
      ? ""
      : `<p class="note">The charts show all of the window; of each mirroring only what follows its last epoch is evidence.</p>\n`;
  const stored = new Map(report.overrides.map((override) => [override.setting, override.stored]));
  const policy = Object.entries(answer.policy).map(([name, value]): Cell[] => {
    return [name, String(value), String(stored.get(name) ?? value)];
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>Mirror migration readiness</h1>
${bannerHtml(report)}${listHtml("Assessment", answer.reasons)}${listHtml("Still needed", answer.needed)}${criteriaHtml(answer)}<h2>Over the window (UTC)</h2>
${epochs}${observedChart(report.timelines, window, axis)}${chartsHtml(report, axis)}${tableHtml(
    report.areMoreMarkers ? `Epochs and notes (the first ${report.markers.length} notes)` : "Epochs and notes",
    ["mark", "at", "what", "who"],
    noteRows,
  )}${gapsHtml(report)}${databasesHtml(report)}${statementsHtml(report)}${tableHtml("Policy", ["setting", "judged by", "configured"], policy)}${originHtml(report)}</body>
</html>
`;
}
