// Where the report comes from: which log and how much of it, who wrote it, and who made the report of it when.

import { type Cell, tableHtml } from "../html.ts";
import { grouped } from "../readiness/wording.ts";
import { formatMoment } from "../rfc3339.ts";
import type { Report } from "./report.ts";

const range = (from: number, to: number): string => (from > to ? "none" : `${grouped(from)} to ${grouped(to)}`);

function facts({ answer, log, madeAt, version, selection }: Report): Cell[][] {
  const [from, to] = log.windowSeq;
  const { seal } = log;
  return [
    ["Made", `${formatMoment(madeAt)}, by pgsoak ${version}`],
    ["Event log", log.path],
    ["Log began", log.since === null ? "never: it is empty" : formatMoment(log.since)],
    ["Events of the window", range(from, to - 1)],
    ["Last event of the log", grouped(log.lastSeq)],
    ["Raw events removed", log.removedSeq === 0 ? "none" : `up to event ${grouped(log.removedSeq)}`],
    [
      "Last seal before the window's end",
      seal === null
        ? "none yet"
        : `events ${range(seal.firstSeq, seal.lastSeq)}, checksum ${seal.checksum.toString(16).padStart(8, "0")}`,
    ],
    ["Mirroring", selection.mirroring ?? "all"],
    ["Database", selection.database ?? "all"],
    ["Resolution", `${answer.resolution}; of statements ${answer.statements_resolution}`],
  ];
}

export function originHtml(report: Report): string {
  const { runs, runsTotal } = report;
  const title = runs.length < runsTotal ? `Runs (the latest ${runs.length} of ${runsTotal})` : "Runs";
  const rows = runs.map(({ id, started }): Cell[] =>
    started === null
      ? [String(id), "before the raw events that are left", null, null, null]
      : [String(id), { at: started.at }, started.host, started.version, started.configHash],
  );
  return `${tableHtml("Origin", ["what", "value"], facts(report))}${tableHtml(title, ["run", "began", "host", "pgsoak", "configuration"], rows)}`;
}
