// docs/readiness.md against the criteria, their settings, defaults and weights.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GENERAL, READINESS } from "../../src/config/schema.ts";
import { CRITERIA } from "../../src/projections/readiness/judge.ts";
import { defaultPolicy, policyJson, SETTING_NAMES } from "../../src/projections/readiness/policy.ts";
import { bandOf, recommendationOf, WEIGHTS } from "../../src/projections/readiness/score.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/readiness.md"), "utf8");
const section = docs.split(/^## /m).find((text) => text.startsWith("Criteria")) ?? "";

test("docs/readiness.md lists each criterion with its setting, default and weight, in the order of the answer", () => {
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const written = rows.map((row) => row.split(/ ?\| ?/).slice(1, 5));
  const policy = policyJson(defaultPolicy());
  const groups = new Set<string>();
  const expected = CRITERIA.map(({ name, setting, group }) => {
    const weight = group === null ? "0" : groups.has(group) ? `(${WEIGHTS[group]})` : String(WEIGHTS[group]);
    if (group !== null) groups.add(group);
    const [shown, fallback] = setting === null ? ["", ""] : [`\`${setting}\``, JSON.stringify(policy[setting])];
    return [`\`${name}\``, shown, fallback, weight];
  });
  expect(written).toEqual(expected);
});

test("each criterion has a section that says what, why, which threshold and what to do", () => {
  const sections = section.split(/^### /m).slice(1);
  expect(sections.map((text) => /^`(\w+)`/.exec(text)?.[1])).toEqual(CRITERIA.map(({ name }) => name));
  CRITERIA.forEach(({ name, setting }, index) => {
    const missing = ["**What.**", "**Why.**", ...(setting === null ? ["**When it fails**"] : ["**Threshold.**"])];
    expect([name, missing.filter((words) => !sections[index]!.includes(words))]).toEqual([name, []]);
  });
});

test("docs/readiness.md names every setting of the policy, and the policy has every threshold there is", () => {
  expect(SETTING_NAMES.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  const thresholds = Object.keys(GENERAL).slice(Object.keys(GENERAL).indexOf("mirror_max_error_rate"));
  const more = Object.keys(READINESS).filter((name) => name !== "windows");
  expect(SETTING_NAMES).toEqual([...thresholds, ...more]);
});

test("docs/readiness.md has the bands and what they recommend", () => {
  const rows = [...docs.matchAll(/^\| (\d+)–(\d+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, from, to, band, recommendation] of rows) {
    for (const score of [Number(from), Number(to)]) {
      expect([bandOf(score), recommendationOf("READY", score)]).toEqual([band, recommendation]);
    }
  }
});
