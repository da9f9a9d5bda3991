// What the dashboard's page works out by itself, without a browser.

import { expect, test } from "vitest";
import type { z } from "zod";
import type * as shown from "../../src/api/dashboard/client/answers.ts";
import { axisTimes } from "../../src/api/dashboard/client/axis-times.ts";
import { criterionWords } from "../../src/api/dashboard/client/criterion-words.ts";
import { compact, duration, ms, percent, percentDown } from "../../src/api/dashboard/client/format.ts";
import { errorSeries, requestSeries, stacked } from "../../src/api/dashboard/client/series.ts";
import { addressOf, parseViewState, queryOf } from "../../src/api/dashboard/client/view-state.ts";
import type { epochSchema } from "../../src/api/epochs.ts";
import type { observationsSchema } from "../../src/api/observations.ts";
import type { Status } from "../../src/api/status.ts";
import type { History } from "../../src/projections/history.ts";
import { CRITERIA } from "../../src/projections/readiness/judge.ts";
import type { Readiness } from "../../src/projections/readiness/readiness-schema.ts";
import type { StatementList } from "../../src/projections/statement-list.ts";

test("what the page reads is what the API answers", () => {
  // The compiler compares them: each must be assignable.
  const [readiness, history, statements] = [
    (answer: Readiness): shown.ReadinessAnswer => answer,
    (answer: History): shown.HistoryAnswer => answer,
    (answer: StatementList): shown.StatementsAnswer => answer,
  ];
  const [status, observations, epochs] = [
    (answer: Status): shown.StatusAnswer => answer,
    (answer: z.infer<typeof observationsSchema>): shown.ObservationsAnswer => answer,
    (answer: z.infer<typeof epochSchema>): shown.EpochsAnswer["epochs"][number] => answer,
  ];
  expect([readiness, history, statements, status, observations, epochs]).toHaveLength(6);
});

test("every criterion has words of its own", () => {
  for (const { name } of CRITERIA) expect(criterionWords(name).label).not.toBe(name.replaceAll("_", " "));
  expect(criterionWords("some_new_one").label).toBe("some new one");
});

test("an address is read and written the same, and says nothing of what is as usual", () => {
  const addresses = [
    "/",
    "/?window=24h",
    "/?from=2026-01-01T00%3A00%3A00Z&to=1795248000",
    "/?window=7d&mirroring=pg18&database=a%26b&mirror_max_error_rate=0.05&min_exposure=off&sort=ratio&statement=ab12",
  ];
  for (const address of addresses) expect(addressOf(parseViewState(address.slice(1)))).toBe(address);
  expect(addressOf(parseViewState("?window=all&sort=errors&mirroring="))).toBe("/");
  const state = parseViewState("?window=1h&mirroring=pg18&max_drop_rate=0&sort=calls");
  expect(queryOf(state, "span", "selection")).toBe("window=1h&mirroring=pg18");
  expect(queryOf(state, "span", "overrides")).toBe("window=1h&max_drop_rate=0");
});

test("numbers are as short as they can be without saying something else", () => {
  expect([950, 12_345, 4_000_000, 0.5].map(compact)).toEqual(["950", "12.3k", "4M", "0.5"]);
  expect([0, 0.000_01, 0.0234, 1].map((share) => percent(share))).toEqual(["0%", "<0.01%", "2.34%", "100.00%"]);
  expect([0.99999, 1, 0.5].map(percentDown)).toEqual(["99.9%", "100%", "50.0%"]);
  expect([0.421, 12.54, 320, 1250, 65_000].map(ms)).toEqual(["0.42 ms", "12.5 ms", "320 ms", "1.25 s", "65.0 s"]);
  expect([0, 0.2, 45, 90, 3600, 94_400, 259_200].map(duration)).toEqual([
    "0 s",
    "under 1 s",
    "45 s",
    "1 min 30 s",
    "1 h",
    "1 d 2 h",
    "3 d",
  ]);
});

test("the day is said where it changes", () => {
  const noon = new Date(2026, 10, 20, 12).getTime() / 1000;
  const ticks = [0, 8, 16].map((hours) => noon + hours * 3600);
  expect(axisTimes(ticks, 8 * 3600)).toEqual(["12:00\n20 Nov", "20:00", "04:00\n21 Nov"]);
  expect(axisTimes([noon], 10)).toEqual(["12:00:00\n20 Nov"]);
  expect(axisTimes([noon, noon + 86_400], 86_400)).toEqual(["20 Nov", "21 Nov"]);
});

const LATENCY = { mean_ms: 1, p50_ms: 1, p95_ms: 1, p99_ms: 1, max_ms: 1 };
const point = (second: number, count: number | null): shown.HistoryPoint => ({
  from: `2026-01-01T00:00:0${second}.000000Z`,
  to: `2026-01-01T00:00:0${second + 2}.000000Z`,
  in_flight: count,
  peak_in_flight: count,
  skipped: count,
  mirrored: count,
  errored: count,
  dropped: count,
  errors: { connection: count, query: count, timeout: count, buffer_full: count },
  latency: { mirror: LATENCY, primary: LATENCY },
});
const HISTORY: shown.HistoryAnswer = {
  from: "2026-01-01T00:00:00.000000Z",
  to: "2026-01-01T00:00:06.000000Z",
  covered: null,
  resolution: "exact",
  seq: 1,
  step_seconds: 2,
  points: [point(0, 4), point(2, null), point(4, 6)],
};

test("a series has rates, nothing where nobody was watching, and the end of its last point", () => {
  const { at, series } = requestSeries(HISTORY);
  expect(at.map((moment) => moment - at[0]!)).toEqual([0, 2, 4, 6]);
  expect(series.map(({ key }) => key)).toEqual(["mirrored", "errored", "dropped", "skipped"]);
  expect(series[0]!.values).toEqual([2, null, 3, 3]);
  expect(errorSeries(HISTORY).series[0]!.values).toEqual([4, null, 6, 6]);
  expect(errorSeries({ ...HISTORY, points: [] }).at).toEqual([]);
  const short = { ...point(0, 4), to: "2026-01-01T00:00:00.000100Z" };
  expect(requestSeries({ ...HISTORY, points: [short] }).series[0]!.values[0]).toBe(8);
});

test("series that stand on one another are summed up from the bottom", () => {
  expect(
    stacked([
      [1, null, 2],
      [3, null, 4],
      [0, null, 1],
    ]),
  ).toEqual([
    [1, null, 2],
    [4, null, 6],
    [4, null, 7],
  ]);
  expect(stacked([])).toEqual([]);
});
