// The files that the dashboard's page loads: its own modules and style, and uPlot's as its package has them. Nothing comes from
// elsewhere, and nothing has to be built first: from source the modules lose their types when they are read, in the
// published package the compiler has done it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { extname, join } from "node:path";
import { ICON } from "./icon.ts";
import { STYLE } from "./style/style.ts";

/** `.ts` from source, `.js` from the published package. */
const EXTENSION = extname(import.meta.filename);
const CLIENT_FOLDER = join(import.meta.dirname, "client");
const VERSION_CHARACTERS = 12;

interface DashboardFile {
  readonly type: string;
  readonly body: string;
}

export interface DashboardFiles {
  /** Changes with any of them, so that each may be kept for ever under its version. */
  readonly version: string;
  /** By name. */
  readonly files: ReadonlyMap<string, DashboardFile>;
  /** The one that starts the page, and those that it imports. */
  readonly entry: string;
  readonly modules: readonly string[];
}

let known: DashboardFiles | null = null;

/** Reads them once. */
export function dashboardFiles(): DashboardFiles {
  return (known ??= readAll());
}

function readAll(): DashboardFiles {
  const modules = readdirSync(CLIENT_FOLDER).filter((name) => name.endsWith(EXTENSION) && !name.endsWith(".d.ts"));
  const uplot = createRequire(import.meta.url);
  const read = (name: string): string => readFileSync(uplot.resolve(`uplot/dist/${name}`), "utf8");
  const files = new Map<string, DashboardFile>([
    ["style.css", { type: "text/css; charset=utf-8", body: `${read("uPlot.min.css")}\n${STYLE}` }],
    ["icon.svg", { type: "image/svg+xml", body: ICON }],
    ["uplot.js", { type: "text/javascript; charset=utf-8", body: read("uPlot.iife.min.js") }],
  ]);
  for (const name of modules) {
    files.set(name, { type: "text/javascript; charset=utf-8", body: readModule(join(CLIENT_FOLDER, name)) });
  }
  const hash = createHash("sha256");
  for (const [name, { body }] of files) hash.update(`${name}\n${body}\n`);
  const version = hash.digest("hex").slice(0, VERSION_CHARACTERS);
  return { version, files, entry: `main${EXTENSION}`, modules };
}

function readModule(path: string): string {
  const text = readFileSync(path, "utf8");
  return EXTENSION === ".ts" ? withoutTypes(text) : text.replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n");
}

/** Node.js runs our own files by the same function, but calling it by name makes it warn that its interface may change. */
function withoutTypes(text: string): string {
  // oxlint-disable-next-line typescript/unbound-method -- it goes back to where it was taken from
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}
