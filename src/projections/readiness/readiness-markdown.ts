// The report as Markdown, for a ticket or a change request.

import { printable } from "../printable.ts";
import type { Readiness } from "./readiness-schema.ts";
import { markWords, statusWords } from "./readiness-text.ts";
import { grouped, percent } from "./wording.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Text that clients or people chose, so that it can't become markup or leave its cell. */
const plain = (text: string): string =>
  printable(text)
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? "")
    .replace(/[\\`*_{}[\]()#+!|~]/g, String.raw`\$&`);

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(6))));
const rate = (value: number | null): string => (value === null ? "n/a" : percent(value, 3));

function list(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0 ? [] : ["", `## ${title}`, "", ...sentences.map((each) => `- ${plain(each)}`)];
}

const where = (mirroring: string | null, database: string | null): string =>
  [mirroring, database].flatMap((name) => (name === null ? [] : [plain(name)])).join(" / ");

export function readinessMarkdown(answer: Readiness): string {
  const { metrics } = answer;
  const lines = [
    `# Mirror migration readiness: ${statusWords(answer.verdict)}`,
    "",
    `**Confidence ${answer.confidence_score.toFixed(1)}%** (${answer.band}): ${answer.recommendation}.`,
    "",
    `Window ${answer.from} to ${answer.to}, ${percent(metrics.observed_share)} of it observed. ` +
      `Expires: ${answer.expires_at ?? "never"}. Resolution: ${answer.resolution}.`,
    ...list("Assessment", answer.reasons),
    ...list("Still needed", answer.needed),
    "",
    "## Criteria",
    "",
    row("criterion", "status", "actual", "threshold", "where"),
    row("---", "---", "---:", "---:", "---"),
    ...answer.criteria.map((each) =>
      row(
        plain(each.name),
        markWords(each.status),
        number(each.actual),
        number(each.threshold),
        where(each.mirroring, each.database),
      ),
    ),
    "",
    "## Databases",
    "",
    row("mirroring", "database", "requests", "error rate", "divergence rate", "mean ms", "p99 ms"),
    row("---", "---", "---:", "---:", "---:", "---:", "---:"),
    ...metrics.databases.map(({ mirroring, database, latency: { mirror }, ...each }) =>
      row(
        plain(mirroring),
        plain(database),
        grouped(each.total_requests),
        rate(each.error_rate),
        rate(each.divergence_rate),
        number(mirror?.avg_ms ?? null),
        number(mirror?.p99_ms ?? null),
      ),
    ),
  ];
  if (metrics.worst_statements.length > 0) {
    lines.push(
      "",
      "## Worst statements",
      "",
      row("statement", "calls", "errors", "differences"),
      row("---", "---:", "---:", "---:"),
    );
    for (const { statement, calls, errored, divergent } of metrics.worst_statements) {
      lines.push(row(plain(statement.slice(0, 200)), grouped(calls), grouped(errored), grouped(divergent)));
    }
  }
  return `${lines.join("\n")}\n`;
}
