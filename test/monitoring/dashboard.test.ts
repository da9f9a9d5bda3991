// The Grafana dashboard: that it can be imported as it is, and that it shows whatever pgsoak exports.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dashboardSchema, type Panel } from "./expressions.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../..", path), "utf8");
const text = read("monitoring/grafana-dashboard.json");
const { panels, schemaVersion, templating, uid } = dashboardSchema.parse(JSON.parse(text));
const shown = panels.filter(({ type }) => type !== "row");

/** Shown elsewhere: what another series of the dashboard is made from, or says in another way. */
const NOT_SHOWN = ["pgsoak_mirror_success_rate", "pgsoak_mirror_healthy"];

test("the dashboard depends on nothing of the Grafana it was made with", () => {
  expect(schemaVersion).toBeGreaterThanOrEqual(39);
  expect(uid).toBe("pgsoak");
  expect(text).not.toMatch(/"__inputs"|"iteration"/);
  const [source] = templating.list;
  expect(source).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
  for (const { datasource, targets = [] } of shown) {
    for (const used of [datasource, ...targets.map((target) => target.datasource)]) {
      expect(used?.uid).toBe("${datasource}");
    }
  }
});

test("every panel says what it shows and in which unit, and every line what it is", () => {
  for (const { title, description = "", fieldConfig, targets = [] } of shown) {
    expect([title, description.length > 20, fieldConfig?.defaults.unit]).toEqual([
      title,
      true,
      expect.stringMatching(/./),
    ]);
    expect(targets.map(({ refId }) => refId)).toEqual(targets.map((_, index) => "ABCDEFG"[index]));
    expect(targets.filter(({ legendFormat }) => legendFormat === "")).toEqual([]);
  }
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
});

test("panels have numbers of their own and don't cover each other", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const covers = ({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean =>
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  for (const panel of panels) {
    expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
    expect(panels.filter((other) => other !== panel && covers(panel, other))).toEqual([]);
  }
});

test("every labelled metric is on the dashboard, and none that docs/metrics.md doesn't have", () => {
  const documented = [...read("docs/metrics.md").matchAll(/^\| `(pgsoak_\w+)`/gm)].map(([, name]) => name!);
  const used = new Set(
    [...text.matchAll(/\b(pgsoak_[a-z_]+)/g)].map(([, name]) => name!.replace(/_(?:bucket|sum|count)$/, "")),
  );
  expect(documented.filter((name) => !used.has(name)).toSorted()).toEqual(NOT_SHOWN.toSorted());
  expect([...used].filter((name) => !documented.includes(name))).toEqual([]);
});
