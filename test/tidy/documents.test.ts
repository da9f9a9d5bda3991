// What the documents name must be there: files, headings, npm scripts, commands and their options, metrics, log lines.

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { runProgram } from "../../src/cli/program.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const packageSchema = z.object({ scripts: z.record(z.string(), z.string()) });

interface Document {
  readonly file: string;
  readonly text: string;
  /** What stands in backticks and in fenced blocks. */
  readonly code: readonly string[];
}

const DOCUMENTS: readonly Document[] = globSync(["*.md", "docs/**/*.md", "monitoring/**/*.md"], { cwd: ROOT }).map(
  (file) => {
    const text = read(file);
    const blocks = text.match(/^```[\s\S]*?^```/gm) ?? [];
    const spans = text.replace(/^```[\s\S]*?^```/gm, "").match(/`[^`\n]+`/g) ?? [];
    return { file, text, code: [...blocks, ...spans] };
  },
);
const operating = read("docs/operating.md");
const sources = globSync("src/**/*.ts", { cwd: ROOT }).map(read);

/** Every first group of the pattern in the texts. */
const all = (texts: readonly string[], pattern: RegExp): string[] =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!));

/** The headings of a document as links name them on GitHub. */
function headingsOf(file: string): ReadonlySet<string> {
  const headings = all([read(file).toLowerCase()], /^#+ (.+)$/gm);
  return new Set(headings.map((heading) => heading.replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")));
}

async function help(...argv: string[]): Promise<string> {
  let text = "";
  const stdout = (part: string): void => void (text += part);
  await runProgram([...argv, "--help"], { stdout, stderr: stdout, env: {} });
  return text;
}

/** The first column of the table of log lines. */
function explainedLogLines(): string[] {
  const section = operating.slice(operating.indexOf("## Log lines"));
  const cells = section.split("\n").filter((line) => line.startsWith("| `") && !line.startsWith("| `msg`"));
  return cells.flatMap((row) => all([row.split(" | ")[0]!], /`([^`]+)`/g));
}

test("there are documents for who runs it, who reads it and who changes it", () => {
  const files = DOCUMENTS.map(({ file }) => file);
  const expected = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/operating.md"];
  expect(files).toEqual(expect.arrayContaining(expected));
});

describe.for(DOCUMENTS)("$file", ({ file, text, code }) => {
  test("links to files and headings that exist", () => {
    const broken = all([text], /\]\(([^)\s]+)\)/g).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : relative(ROOT, join(ROOT, dirname(file), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !headingsOf(target).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("has no row that stands outside a table", () => {
    const blocks = text.split(/\n(?!\|)/).flatMap((block) => {
      const rows = block.split("\n").filter((line) => line.startsWith("|"));
      return rows.length === 0 || /^\|(?: ?:?-+:? ?\|)+$/.test(rows[1] ?? "") ? [] : [rows[0]];
    });
    expect(blocks).toEqual([]);
  });

  test("names files and folders that exist", () => {
    const paths = all(
      code,
      /(?<![\w./-])((?:src|test|docs|migrations|monitoring|deploy|tools)\/[\w./-]*\w)(?![\w./-]*…)/g,
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("names npm scripts that exist", () => {
    const { scripts } = packageSchema.parse(JSON.parse(read("package.json")));
    const named = all(code, /\bnpm (?:run (?:-s )?)?(test\b|(?<=run (?:-s )?)[a-z]+)/g);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("names commands and options that exist", async () => {
    const commands = all([await help()], /^ {2}([a-z]+) (?:\[|<)/gm);
    const pattern = /(?:^(?:\$ )?|`|\brun (?:-s )?)pgsoak(?: --)? ([a-z]+)((?: --?[^`#|]+)?)/gm;
    const named = code.flatMap((part) => [...part.matchAll(pattern)]);
    for (const [, command = "", options = ""] of named) {
      expect([file, commands]).toEqual([file, expect.arrayContaining([command])]);
      const known = all([await help(command)], /(--[a-z]+)/g);
      for (const option of all([options], /(--[a-z]+)/g))
        expect([command, known]).toEqual([command, expect.arrayContaining([option])]);
    }
  });

  test("names metrics that docs/metrics.md explains", () => {
    const explained = [read("docs/metrics.md")];
    const histograms = all(explained, /^\| `(\w+)` \| histogram/gm);
    const parts = histograms.flatMap((name) => ["bucket", "sum", "count"].map((part) => `${name}_${part}`));
    const metrics = new Set([...all(explained, /^\| `(\w+)`/gm), ...parts]);
    expect(all(code, /\b(pgsoak_[a-z_]+)/g).filter((name) => !metrics.has(name))).toEqual([]);
  });

  test("cites no line of a source file, which the next change would move", () => {
    expect(text.match(/\.(?:ts|js|json|md)(?::|#L)\d+|\blines? \d+/g)).toBeNull();
  });

  test("says nothing that only its authors would understand", () => {
    // Paths of one machine, private addresses and names, tickets, mail.
    const places = all(code, /(?<![\w.:/$-])(\/[a-z][\w-]*)(?=\/)/g);
    const common = new Set(["/etc", "/opt", "/var", "/run", "/usr", "/tmp", "/dev", "/proc", "/healthz", "/backup"]);
    expect(places.filter((place) => !common.has(place))).toEqual([]);
    expect(
      text.match(/\b(?:10|192\.168)\.\d+\.\d+|\.(?:internal|corp|lan)\b|(?<![&\w(])#\d+\b|\w@\w+\.\w/g),
    ).toBeNull();
    expect(text.match(/\b(?:TODO|FIXME|TBD|WIP)\b/g)).toBeNull();
  });
});

test("docs/operating.md explains the log lines that the source writes, and no others", () => {
  const explained = explainedLogLines();
  const quoted = (message: string): boolean => sources.some((source) => source.includes(`"${message}"`));
  expect(explained.filter((message) => !quoted(message))).toEqual([]);
  const written = [
    ...all(sources, /\blog\(\s*"(?:info|warn|error)",\s*"([^"]+)"/gi),
    ...all(sources, /\blog\.(?:info|warn|error)\(\s*"([^"]+)"/gi),
  ];
  expect(written.length).toBeGreaterThan(15);
  expect([...new Set(written)].filter((message) => !explained.includes(message))).toEqual([]);
});

test("decisions are numbered without gaps, dated, say what was turned down, and stand in the list", () => {
  const files = DOCUMENTS.filter(({ file }) => /^docs\/decisions\/\d/.test(file)).toSorted((a, b) =>
    a.file < b.file ? -1 : 1,
  );
  const list = read("docs/decisions/README.md");
  files.forEach(({ file, text }, index) => {
    const number = String(index + 1).padStart(4, "0");
    expect(file).toMatch(new RegExp(`^docs/decisions/${number}-[a-z0-9-]+\\.md$`));
    expect(text).toMatch(
      new RegExp(`^# ${number} .+\n\n\\d{4}-\\d{2}-\\d{2}\n\n\\*\\*Goals\\.\\*\\* [^]+\\*\\*Turned down\\.\\*\\*`),
    );
    expect(list).toContain(`[${number}](${file.slice("docs/decisions/".length)})`);
  });
  expect(files.length).toBeGreaterThan(0);
});
