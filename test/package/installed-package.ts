// pgsoak as a user gets it: packed, and installed in a folder that knows nothing of this tree.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { freePort } from "../helpers/free-port.ts";
import { waitFor } from "../helpers/wait-for.ts";

const ROOT = join(import.meta.dirname, "../..");
const NPM_TIMEOUT_MS = 180_000;
const READY_TIMEOUT_MS = 30_000;
const QUIET = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];

/** What a command did. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** npm tells its scripts about the project that they belong to; this one is another. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local)/.test(name));
  return { ...Object.fromEntries(inherited), NO_UPDATE_NOTIFIER: "1" };
}

function npm(cwd: string, args: readonly string[]): string {
  return execFileSync("npm", args, {
    cwd,
    env: environment(),
    encoding: "utf8",
    stdio: "pipe",
    timeout: NPM_TIMEOUT_MS,
  });
}

export class InstalledPackage implements Disposable {
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-package-"));
  readonly tarball: string;

  /** Builds and packs this tree; nothing is installed yet. */
  constructor() {
    npm(ROOT, ["pack", "--silent", "--pack-destination", this.folder]);
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
    this.tarball = join(this.folder, `pgsoak-${version}.tgz`);
    writeFileSync(join(this.folder, "package.json"), '{ "private": true }');
  }

  /** The files of the tarball. */
  files(): string[] {
    const listing = execFileSync("tar", ["-tzf", this.tarball], { encoding: "utf8" });
    return listing.split("\n").flatMap((line) => (line === "" ? [] : [line.replace(/^package\//, "")]));
  }

  /** Installs it, and other packages with it. */
  install(...others: string[]): void {
    npm(this.folder, ["install", ...QUIET, this.tarball, ...others]);
  }

  /** The folder of an installed package. */
  package(name: string): string {
    return join(this.folder, "node_modules", name);
  }

  /** Runs `pgsoak` to its end, as its users do who installed it here. */
  npx(args: readonly string[]): Ended {
    return this.#end("npx", ["--no-install", "pgsoak", ...args]);
  }

  /** The same, without npm in between. */
  run(args: readonly string[], node = process.execPath): Ended {
    return this.#end(node, [join(this.package("pgsoak"), "dist/src/main.js"), ...args]);
  }

  /** Runs `pgsoak serve` until it is ready, asks its API for `path`, and ends it with SIGTERM. */
  async serveOnce(path: string, node = process.execPath): Promise<{ answer: string; code: number | null }> {
    const [proxy, api, admin] = [await freePort(), await freePort(), await freePort()];
    const databases = '[[databases]]\nname = "*"\nhost = "127.0.0.1"\ntls = "disable"\n';
    const text = `[general]\nport = ${proxy}\n[api]\nport = ${api}\n[admin]\nport = ${admin}\n${databases}`;
    writeFileSync(join(this.folder, "pgsoak.toml"), text);
    const main = join(this.package("pgsoak"), "dist/src/main.js");
    const child = spawn(node, [main, "serve"], { cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    try {
      const isOver = (): boolean => output.includes('"msg":"ready"') || child.exitCode !== null;
      await waitFor(isOver, { timeoutMs: READY_TIMEOUT_MS, message: "the installed pgsoak is ready" });
      const answer = await (await fetch(`http://127.0.0.1:${api}${path}`)).text();
      child.kill("SIGTERM");
      await ended;
      return { answer, code: child.exitCode };
    } finally {
      if (child.exitCode === null) child.kill("SIGKILL");
    }
  }

  #end(program: string, args: readonly string[]): Ended {
    const options = { cwd: this.folder, env: environment(), encoding: "utf8", timeout: NPM_TIMEOUT_MS } as const;
    const { status, stdout, stderr } = spawnSync(program, args, options);
    return { code: status, stdout, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
