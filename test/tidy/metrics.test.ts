import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBusyApi } from "../api/busy-api.ts";
import { readExposition, type ReadFamily } from "../api/exposition.ts";

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly labels: string[];
}

/** The rows of the tables in docs/metrics.md. */
function documented(): Entry[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => {
    const [name = "", type = "", labels = ""] = row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    return { name: name.replaceAll("`", ""), type, labels: labels.split(", ").filter((label) => label !== "") };
  });
}

/** What is exported; `untyped` is how the text format spells `unknown`. */
async function exported(): Promise<ReadFamily[]> {
  await using api = await openBusyApi();
  return readExposition(await (await api.get("/metrics")).text());
}

const byName = (a: Entry, b: Entry): number => a.name.localeCompare(b.name);

test("docs/metrics.md lists exactly the metrics that are exported, with their types and labels", async () => {
  const entries = (await exported()).map(({ name, type, samples }) => {
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
    return { name, type: type === "untyped" ? "unknown" : type, labels: [...labels] };
  });
  expect(documented().sort(byName)).toEqual(entries.sort(byName));
});

test("every metric is fed: each family has a sample, and a help sentence of its own", async () => {
  const families = await exported();
  expect(families.filter(({ samples }) => samples.length === 0)).toEqual([]);
  expect(new Set(families.map(({ help }) => help)).size).toBe(families.length);
  for (const { help } of families) expect(help).toMatch(/^[A-Z0-9].*\.$/);
});
