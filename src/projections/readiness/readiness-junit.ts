// The report as JUnit XML: one test case for each criterion, so that a pipeline shows what failed. What was not shown is an
// error, since it is no success either.

import { printable } from "../printable.ts";
import type { Readiness, ReadinessCriterion } from "./readiness-schema.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
/** What XML has no way to say is replaced. */
const escape = (text: string): string =>
  printable(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

function outcome({ status, detail }: ReadinessCriterion): string {
  switch (status) {
    case "pass":
      return "";
    case "warn":
      return `<system-out>${escape(detail)}</system-out>`;
    case "fail":
      return `<failure type="NOT_READY" message="${escape(detail)}"/>`;
    case "insufficient":
      return `<error type="INCONCLUSIVE" message="${escape(detail)}"/>`;
    case "off":
      return `<skipped message="${escape(detail)}"/>`;
  }
}

export function readinessJunit(answer: Readiness): string {
  const { criteria } = answer;
  const count = (status: ReadinessCriterion["status"]): number =>
    criteria.filter((each) => each.status === status).length;
  const counts = `tests="${criteria.length}" failures="${count("fail")}" errors="${count("insufficient")}" skipped="${count("off")}"`;
  const cases = criteria.map(
    (each) =>
      `    <testcase classname="pgsoak.readiness" name="${escape(each.name)}" time="0">${outcome(each)}</testcase>`,
  );
  const properties = (["verdict", "confidence_score", "from", "to"] as const).map(
    (name) => `      <property name="${name}" value="${escape(String(answer[name]))}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pgsoak readiness" ${counts}>
  <testsuite name="pgsoak readiness" ${counts} timestamp="${answer.to.slice(0, 19)}">
    <properties>
${properties.join("\n")}
    </properties>
${cases.join("\n")}
  </testsuite>
</testsuites>
`;
}
