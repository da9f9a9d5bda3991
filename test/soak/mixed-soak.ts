// The long proof: a load of everything that clients do, against two real servers of different versions, with faults put in
// and the mirror restarted. In the end every failure in the log must have a reason, and the books must be closed.
//
//   node test/soak/mixed-soak.ts --requests 100000                     everything: exposure 0.3, faults, five outages
//   node test/soak/mixed-soak.ts --requests 100000 --exposure 1 --quiet  nothing is put in: nothing may differ at all

import { parseArgs } from "node:util";
import { startPostgres } from "../../src/demo/postgres-server.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { BackendKiller } from "./backend-killer.ts";
import { explain } from "./explain.ts";
import { MirrorOutages } from "./mirror-outages.ts";
import { readBooks } from "./read-outcomes.ts";
import { createSchema, fingerprint } from "./soak-schema.ts";
import { SoakLoad } from "./soak-load.ts";
import { reportCounts, reportUnexplained } from "./soak-report.ts";
import { chooseSteps } from "./steps/all-steps.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    exposure: { type: "string", default: "0.3" },
    /** Requests that may wait; with --quiet enough for all. */
    queue: { type: "string", default: "10" },
    outages: { type: "string", default: "5" },
    /** Mirror connections that are ended in a second, between requests. */
    kills: { type: "string", default: "5" },
    sessions: { type: "string", default: "12" },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    compare: { type: "string", default: "rows" },
    faults: { type: "boolean", default: true },
    /** No faults, no outages, no drops. */
    quiet: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    without: { type: "string", default: "" },
  },
  allowNegative: true,
});

const list = (text: string): string[] => text.split(",").filter((name) => name !== "");
const requests = Number(values.requests);
const exposure = Number(values.exposure);

const settings = { max_connections: 200, max_prepared_transactions: 100, track_functions: "none" };
await using primary = await startPostgres({ major: 16, settings });
await using mirror = await startPostgres({ major: 18, settings });
await createSchema(primary, mirror, SoakLoad.ownersOf(requests));

const tables = mirrorTables(primary, mirror, {
  exposure,
  queue_length: values.quiet ? 10_000 : Number(values.queue),
  timeout_ms: values.quiet ? 30_000 : 1000,
  compare: values.compare,
});
await using pgsoak = await startPgsoakProcess({ tables: { ...tables, general: { threads: Number(values.threads) } } });

const load = new SoakLoad({
  target: pgsoak.proxy,
  steps: chooseSteps({
    faults: values.faults && !values.quiet,
    only: list(values.only),
    without: list(values.without),
  }),
  seed: Number(values.seed),
  requests,
  sessions: Number(values.sessions),
});
const outages = new MirrorOutages(mirror, pgsoak, load);
const beganMs = performance.now();
const killer = new BackendKiller(mirror);
const killing = killer.run(values.quiet ? 0 : Number(values.kills));
await Promise.all([load.run(), outages.run(values.quiet ? 0 : Number(values.outages), requests)]);
killer.stop();
await killing;
const seconds = (performance.now() - beganMs) / 1000;

await waitFor(
  async () => {
    const { total } = await readStatsOf(pgsoak);
    return total.requests_in_flight === 0 && total.requests_total >= load.requests;
  },
  { timeoutMs: 60_000, message: "nothing is in flight" },
);
const { total } = await readStatsOf(pgsoak);
await pgsoak.stop();

const books = readBooks(pgsoak.logFile);
const drifts = exposure < 1 && values.compare === "content";
const explained = explain(books.outcomes, outages.outages, { kills: killer.kills > 0, drifts });
const unexplained = explained.filter(({ reason }) => reason === null).map(({ outcome }) => outcome);
console.log(reportCounts(books, explained));

const problems: string[] = [...load.complaints];
const claim = (isSo: boolean, words: string): void => void (isSo || problems.push(words));
const outcomes = [...books.outcomes.values()];
const kind = (name: string): number => outcomes.filter(({ event }) => event.kind === name).length;
claim(unexplained.length === 0, `${unexplained.length} outcomes that nothing explains`);
claim(books.twice.length === 0, `${books.twice.length} requests have two outcomes`);
claim(
  books.seen >= load.requests && books.seen <= load.requests + load.unanswered,
  `the clients had ${load.requests} answers and left ${load.unanswered}, the log saw ${books.seen} requests`,
);
claim(books.unrecorded === 0, `${books.unrecorded} requests were not recorded`);
claim(
  books.seen === books.skipped + outcomes.length,
  `seen ${books.seen} ≠ skipped ${books.skipped} + selected ${outcomes.length}`,
);
claim(
  total.requests_total === books.seen &&
    total.requests_skipped === books.skipped &&
    total.requests_mirrored === kind("mirrored") &&
    total.requests_errored === kind("errored") &&
    total.requests_dropped === kind("dropped"),
  `/stats says otherwise than the log: ${JSON.stringify(total)}`,
);
if (values.quiet && exposure === 1) {
  claim(kind("dropped") === 0, `${kind("dropped")} requests were dropped`);
  const [left, right] = await Promise.all([fingerprint(primary), fingerprint(mirror)]);
  claim(left === right, `the servers hold different rows:\n  ${left}\n  ${right}`);
}

const diaryOf = (owner: number): string =>
  `  steps: ${(load.diaries.get(owner) ?? []).map(({ step, requests: before }) => `${before} ${step}`).join(", ")}`;
if (unexplained.length > 0) console.log(reportUnexplained(books, unexplained, diaryOf));
console.log(
  `${load.requests} requests in ${seconds.toFixed(1)} s, ${outages.outages.length} outages, ${killer.kills} kills, seed ${values.seed}`,
);
for (const problem of problems) console.log(`PROBLEM ${problem}`);
console.log(`unexplained = ${unexplained.length}`);
process.exitCode = problems.length === 0 ? 0 : 1;
