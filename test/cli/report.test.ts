import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readStats } from "../../src/projections/read-stats.ts";
import { AT, END, EVIL, HOUR, openBusySoak } from "./busy-soak.ts";
import { openLogFixture, type Ran, run } from "./log-fixture.ts";

const WHOLE = ["--from", String(AT / 1e6), "--to", String(END / 1e6)];
const TWO_HOURS = ["--from", String((AT + 12 * HOUR) / 1e6), "--to", String((AT + 14 * HOUR) / 1e6)];
/** What has no end tag. */
const VOID = /^(?:meta|!doctype)$/;

/** Follows the tags, strictly, and returns how often each element stands in the page. */
function elementsOf(html: string): Map<string, number> {
  const [counts, open]: [Map<string, number>, string[]] = [new Map(), []];
  const text = html.replace(
    /<(!?\/?)([\w!]+)((?:\s+[\w-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g,
    (_, end: string, name: string, __, self) => {
      if (end === "/") expect(open.pop()).toBe(name);
      else {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        if (self !== "/" && !VOID.test(name) && end !== "!") open.push(name);
      }
      return "";
    },
  );
  expect(open).toEqual([]);
  expect(text).not.toMatch(/[<>]/);
  return counts;
}

describe("of a log with everything in it", async () => {
  const fixture = await openBusySoak();
  afterAll(() => fixture[Symbol.dispose]());
  const pages = new Map<string, Promise<Ran>>();
  const report = (...options: string[]): Promise<Ran> => {
    const key = options.join(" ");
    const known = pages.get(key) ?? run("report", "--db", fixture.path, ...options);
    pages.set(key, known);
    return known;
  };

  test("the page has every section, four charts and the time line", async () => {
    const { stdout: html, stderr } = await report(...WHOLE);
    expect(stderr).toBe("");
    expect([...html.matchAll(/<h2>([^<]*)/g)].map(([, title]) => title)).toEqual([
      "Assessment",
      "Still needed",
      "Criteria",
      "Over the window (UTC)",
      "Epochs and notes",
      "Gaps",
      "Databases",
      "Worst statements",
      "Policy",
      "Origin",
      "Runs",
    ]);
    expect(elementsOf(html).get("figure")).toBe(5);
  });

  test("its tags nest, and nothing in it comes from a name, a statement, a note or a message", async () => {
    const { stdout: html } = await report(...WHOLE);
    const elements = elementsOf(html);
    expect(elements.has("script")).toBe(false);
    expect(html).not.toContain("\u001b");
    expect(html).not.toContain("\u202e");
    expect(html).toContain(
      "&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;q&#39; &quot;😀&quot;",
    );
    expect(html).not.toContain("literal");
  });

  test("it needs nothing from elsewhere", async () => {
    const { stdout: html } = await report(...WHOLE);
    expect(html).toMatch(/^<!doctype html>\n/);
    expect(html).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
  });

  test("it says what it is about: the moment, the log, the host, the version, the events", async () => {
    const { stdout: html } = await report(...WHOLE);
    expect(html).toMatch(/<td>Made<\/td><td>\d{4}-\d\d-\d\dT[\d:.]+Z, by pgsoak \d/);
    expect(html).toContain(fixture.path);
    expect(html).toContain("db1&lt;");
    expect(html).toMatch(/<td>Events of the window<\/td><td>1 to [\d,]+<\/td>/);
  });

  test("its charts count what the log holds", async () => {
    const { stdout: html } = await report(...WHOLE);
    const { lanes } = await readStats(fixture.log.reader);
    const sum = (name: "mirrored" | "errored" | "dropped" | "skipped"): string =>
      lanes.reduce((all, { balance }) => all + balance[name], 0).toLocaleString("en-US");
    expect(html).toContain(
      `${sum("mirrored")} mirrored, ${sum("errored")} errored, ${sum("dropped")} dropped, ${sum("skipped")} skipped;`,
    );
  });

  test("one database is judged and shown alone", async () => {
    const { stdout: html } = await report(...WHOLE, "--database", "app");
    expect(html).toContain("<td>Database</td><td>app</td>");
    const [, databases = ""] = /<h2>Databases<\/h2>(.*?)<\/table>/s.exec(html) ?? [];
    expect(databases.match(/<tr>/g)).toHaveLength(2);
    const { stdout: evil, code } = await report(...WHOLE, "--database", EVIL);
    expect(code).toBe(1);
    elementsOf(evil);
  });

  test("a threshold that the question changed stands beside the verdict, with the configured one", async () => {
    const words = "Judged by other thresholds than the configured ones:";
    expect((await report(...WHOLE)).stdout).not.toContain(words);
    const asked = [
      "--set",
      "mirror_min_requests=5000",
      "--set",
      "max_latency_ratio=off",
      "--set",
      "max_drop_rate=0.01",
    ];
    const { stdout: html } = await report(...WHOLE, ...asked);
    expect(html).toContain(
      `${words}</strong> mirror_min_requests 5000 instead of 100000; max_latency_ratio off instead of 1.5.`,
    );
    expect(html).toContain("<td>mirror_min_requests</td><td>5000</td><td>100000</td>");
    expect(html).toContain("<td>max_drop_rate</td><td>0.01</td><td>0.01</td>");
  });

  test("the time behind the last event is neither shown as observed nor as a gap", async () => {
    const open = "; what follows the last event is not confirmed yet.";
    expect((await report(...WHOLE)).stdout).not.toContain(open);
    const late = ["--from", String((END - HOUR) / 1e6), "--to", String(END / 1e6 + 30)];
    expect((await report(...late)).stdout).toContain(`Observed without a gap${open}`);
  });

  test("the exit code is the verdict", async () => {
    expect((await report(...WHOLE)).code).toBe(1);
    const off = ["error_rate", "divergence_rate", "drop_rate"].flatMap((name) => [
      "--set",
      `${name === "error_rate" ? "mirror_max_error_rate" : `max_${name}`}=1`,
    ]);
    const lenient = [...off, "--set", "max_latency_ratio=off", "--set", "mirror_max_latency_ms=60000"];
    expect((await report(...TWO_HOURS, ...lenient)).code).toBe(2);
  });

  test("--output writes the same page and says where, and --force alone replaces a file", async () => {
    const file = join(fixture.folder, "out", "report.html");
    mkdirSync(join(fixture.folder, "out"));
    const first = await run("report", "--db", fixture.path, ...WHOLE, "--output", file);
    expect([first.code, first.stdout]).toEqual([1, `NOT_READY: the report is in ${file}\n`]);
    const unmade = (html: string): string => html.replace(/<td>Made<\/td><td>[^<]*/, "");
    expect(unmade(readFileSync(file, "utf8"))).toBe(unmade((await report(...WHOLE)).stdout));

    writeFileSync(file, "mine");
    const refused = await run("report", "--db", fixture.path, ...WHOLE, "--output", file);
    expect([refused.code, refused.stdout]).toEqual([64, ""]);
    expect(refused.stderr).toContain("is there already");
    expect(readFileSync(file, "utf8")).toBe("mine");

    expect((await run("report", "--db", fixture.path, ...WHOLE, "--output", file, "--force")).code).toBe(1);
    expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>/);
    expect(readdirSync(join(fixture.folder, "out"))).toEqual(["report.html"]);
  });

  test("what can't be written leaves nothing behind", async () => {
    const file = join(fixture.folder, "missing", "report.html");
    const { code, stderr } = await run("report", "--db", fixture.path, ...WHOLE, "--output", file);
    expect(code).toBe(70);
    expect(stderr).toMatch(/^pgsoak: The report can't be written: /);
    expect(existsSync(join(fixture.folder, "missing"))).toBe(false);
    const folder = await run("report", "--db", fixture.path, ...WHOLE, "--output", fixture.folder, "--force");
    expect(folder.code).toBe(64);
  });
});

test("of an empty log the page says that there is nothing to judge", async () => {
  using fixture = await openLogFixture();
  const { code, stdout: html } = await run("report", "--db", fixture.path, "--window", "24h");
  expect(code).toBe(2);
  elementsOf(html);
  expect(html).toContain("INCONCLUSIVE");
  expect(html).toContain("never: it is empty");
});

test.for([
  [["--window", "1y"], /^pgsoak: window is "1y"/],
  [["--set", "max_errors=1"], /is no setting of readiness/],
  [["--mirroring", "pg20"], /^pgsoak: --mirroring: no mirroring has this name/],
] as const)("%j is a usage error, and no file is made", async ([options, message]) => {
  using fixture = await openLogFixture();
  const file = join(fixture.folder, "report.html");
  const { code, stderr } = await run("report", "--db", fixture.path, ...options, "--output", file);
  expect(code).toBe(64);
  expect(stderr).toMatch(message);
  expect(existsSync(file)).toBe(false);
});

test("--help gives examples and the exit codes", async () => {
  const { code, stdout } = await run("report", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("$ pgsoak report --window 7d --output cut-over.html");
  expect(stdout).toContain("2 when it is INCONCLUSIVE");
});
