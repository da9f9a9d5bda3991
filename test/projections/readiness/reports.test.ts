import { describe, expect, test } from "vitest";
import { readinessText } from "../../../src/projections/readiness/readiness-text.ts";
import { REPORT_FORMATS } from "../../../src/projections/readiness/report-formats.ts";
import { FROM, HOUR_US, judged, laneOf, mirroringOf, REQUESTS, statementOf } from "./given-facts.ts";

const gap = { from: FROM, to: FROM + HOUR_US, cause: "stopped" };
const evil = `</td><script>alert("1")</script> | \u001b[2J *x* & 'y'`;

const bad = () =>
  judged({
    mirrorings: [mirroringOf({ observedSeconds: 3600, longestGap: gap })],
    lanes: [laneOf(), laneOf({ mirrored: REQUESTS - 5000, errored: 5000 }, { database: evil })],
    statements: [statementOf({ text: evil, errored: 3, errors: { "42883": 3 } })],
  });

test("the text report has the lines of SHOW MIRROR READINESS, in their order", () => {
  const lines = readinessText(judged()).split("\n");
  expect(lines[0]).toBe("=== Mirror Migration Readiness Report ===");
  expect(lines).toEqual(
    expect.arrayContaining([
      "Status: READY",
      "Confidence Score: 100.0%",
      "Error Rate: 0.000%",
      "Success Rate: 100.000%",
      "Avg Latency: 2.00ms",
      "Uptime: 24.0 hours",
      `Total Requests: ${REQUESTS}`,
      `Consecutive Successes: ${REQUESTS}`,
      "Assessment:",
      "  - All migration criteria met",
    ]),
  );
  const order = ["Status:", "Confidence Score:", "Error Rate:", "Success Rate:", "Avg Latency:", "Uptime:"];
  const places = [...order, "Total Requests:", "Consecutive Successes:", "Assessment:"].map((begin) =>
    lines.findIndex((line) => line.startsWith(begin)),
  );
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test("the text report of a bad window says NOT READY, why, and what is still needed", () => {
  const text = readinessText(bad());
  expect(text).toContain("Status: NOT READY\n");
  expect(text).toContain("  [FAILED] error_rate: Error rate 2.50% exceeds threshold 1.00%\n");
  expect(text).toContain("Longest Gap: 3600.0 s (stopped, from 2023-11-14T22:13:20.000000Z)\n");
  expect(text).toMatch(/Still needed:\n {2}- 21\.8 more hours under observation\n$/);
});

test("without a request the text report has no rate, rather than a good one", () => {
  const text = readinessText(judged({ lanes: [], total: { mirror: null, primary: null } }));
  expect(text).toContain("Status: INCONCLUSIVE\n");
  expect(text).toContain("Error Rate: n/a\n");
  expect(text).toContain("Avg Latency: n/a\n");
});

describe.for(["text", "markdown", "html", "junit"] as const)("%s", (format) => {
  test("says the verdict, and is the same bytes for the same answer", () => {
    const report = REPORT_FORMATS[format](bad());
    expect(report).toMatch(/NOT[ _]READY/);
    expect(report).toBe(REPORT_FORMATS[format](bad()));
    expect(report.endsWith("\n")).toBe(true);
  });

  test("has no control character, and no markup from a name or a statement", () => {
    const report = REPORT_FORMATS[format](bad());
    expect(report).not.toContain("\u001b");
    if (format !== "text") expect(report).not.toContain("<script");
  });
});

test("the JSON report is the answer", () => {
  expect(JSON.parse(REPORT_FORMATS.json(bad()))).toEqual(bad());
});

test("the HTML report needs nothing from elsewhere", () => {
  const html = REPORT_FORMATS.html(bad());
  expect(html).toMatch(/^<!doctype html>\n/);
  expect(html).not.toMatch(/\b(?:src|href)=|url\(|@import/);
});

test("in the JUnit report what failed is a failure, what was not shown an error, what is off skipped", () => {
  const xml = REPORT_FORMATS.junit(
    judged({ lanes: [laneOf({ mirrored: 10, errored: 10 })] }, { max_drop_rate: "off" }),
  );
  expect(xml).toMatch(/<testsuite name="pgsoak readiness" tests="12" failures="1" errors="1" skipped="1" /);
  expect(xml).toContain('<testcase classname="pgsoak.readiness" name="error_rate" time="0"><failure type="NOT_READY"');
  expect(xml).toContain('name="consecutive_successes" time="0"><error type="INCONCLUSIVE"');
  expect(xml).toContain('name="drop_rate" time="0"><skipped message=');
});

test("the Markdown report keeps each row in its cells", () => {
  const lines = REPORT_FORMATS.markdown(bad()).split("\n");
  const cells = (line: string): number => line.replace(/\\./g, "").split("|").length;
  const rows = lines.filter((line) => line.startsWith("| ")).map(cells);
  expect(new Set(rows)).toEqual(new Set([7, 9, 6]));
});
