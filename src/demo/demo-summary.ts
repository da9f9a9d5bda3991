// What the demo has shown, read from the event log alone: the counters, and every statement that failed on the mirror.

import type { LogReader } from "../events/log-reader.ts";
import { printable } from "../projections/printable.ts";
import { readStats } from "../projections/read-stats.ts";
import { type StatsJson, statsJson } from "../projections/stats-json.ts";
import { textTable } from "../projections/text-table.ts";

/** One statement that failed on the mirror in one way. */
interface MirrorFailure {
  /** Normalised: no literal values. */
  readonly statement: string;
  readonly requests: number;
  readonly category: string;
  /** Five characters, or "". */
  readonly sqlstate: string;
  readonly message: string;
}

export interface DemoSummary {
  readonly seconds: number;
  /** Counters of MirrorStats under the names of GET /stats. */
  readonly total: StatsJson["total"];
  /** Most frequent first. */
  readonly mirrorFailures: readonly MirrorFailure[];
}

const PAGE_EVENTS = 2000;

async function readFailures(reader: LogReader): Promise<MirrorFailure[]> {
  const failures = new Map<string, MirrorFailure>();
  for (let after = 0; ;) {
    const page = await reader.readEvents({ after, limit: PAGE_EVENTS, kinds: ["errored"] });
    for (const event of page) {
      if (event.kind !== "errored") continue;
      const { statement: id, category, sqlstate, message } = event;
      const key = `${id} ${category} ${sqlstate} ${message}`;
      const requests = (failures.get(key)?.requests ?? 0) + 1;
      const statement = reader.statementText(id) ?? "(not kept)";
      failures.set(key, { statement, requests, category, sqlstate, message });
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.seq;
  }
  return [...failures.values()].sort((a, b) => b.requests - a.requests);
}

export async function readDemoSummary(reader: LogReader, seconds: number): Promise<DemoSummary> {
  const { total } = statsJson(await readStats(reader));
  return { seconds, total, mirrorFailures: await readFailures(reader) };
}

const integer = (value: number): string => value.toLocaleString("en-US");

/** The summary for a terminal, each line ended. */
export function demoSummaryText({ seconds, total, mirrorFailures }: DemoSummary): string {
  const rows: [name: string, value: string, meaning: string][] = [
    ["requests", integer(total.requests_total), "sent by the clients, answered by the primary"],
    ["mirrored", integer(total.requests_mirrored), "finished by the mirror"],
    ["  same result", integer(total.parity.match), "same tags and row counts on both sides"],
    ["  failed on both", integer(total.parity.both_failed), "with the same SQLSTATE: no difference"],
    ["errored", integer(total.requests_errored), "failed on the mirror alone"],
    ["dropped", integer(total.requests_dropped), "given up by pgsoak"],
    ["mirror latency", `${(total.latency_avg_ms ?? 0).toFixed(2)} ms`, "mean"],
  ];
  const table = textTable(
    [
      { title: `After ${seconds.toFixed(0)} s`, align: "left", cell: ([name]) => name },
      { title: "", align: "right", cell: ([, value]) => value },
      { title: "", align: "left", cell: ([, , meaning]) => meaning },
    ],
    rows,
  );
  return `${table}\n${failuresText(mirrorFailures)}`;
}

function failuresText(failures: readonly MirrorFailure[]): string {
  if (failures.length === 0) return "No statement failed on the mirror.\n";
  const lines = failures.map(({ statement, requests, category, sqlstate, message }) => {
    const error = `${sqlstate === "" ? category : sqlstate} ${printable(message)}`.trim();
    return `  ${printable(statement)}\n    ${integer(requests)} ×  ${error}\n`;
  });
  return `Works on the primary, fails on the mirror:\n${lines.join("")}`;
}
