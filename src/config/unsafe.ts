// What a valid configuration leaves open to others: who may read its secrets, and what anybody on this machine may do. Looks
// at the files, and changes nothing.

import { statSync } from "node:fs";
import { isLoopback } from "./address.ts";
import type { Config } from "./config.ts";

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;

/** Files that hold secrets and are open to every user of the machine. */
export function openSecretFiles({ secretFiles }: Config): string[] {
  return secretFiles.flatMap((file) => {
    const mode = modeOf(file);
    const may = [(mode & OTHERS_READ) === 0 ? "" : "read", (mode & OTHERS_WRITE) === 0 ? "" : "change"].filter(
      (verb) => verb !== "",
    );
    if (may.length === 0) return [];
    const shown = `0${(mode & 0o777).toString(8)}`;
    return [
      `${file} holds a secret and everybody on this machine may ${may.join(" and ")} it (mode ${shown}): chmod 600`,
    ];
  });
}

/** What others may do or read without a secret, by a choice that may be right: the network and the machine decide. */
export function openDoors({ api, admin, databases }: Config): string[] {
  const doors = databases
    .filter(({ tls, host }) => tls === "disable" && !host.startsWith("/") && !isLoopback(host))
    .map(({ name, host }) => `databases "${name}": tls = "disable" sends everything to ${host} in plaintext`);
  if (api.token === null) {
    doors.push("api: without a token everybody on this machine may read everything, reset counters and begin epochs");
  }
  if (admin.password === null) {
    doors.push("admin: without a password everybody on this machine may pause, change, reset and stop pgsoak");
  }
  return doors;
}

/** 0 where there are no such modes, or nothing to look at. */
function modeOf(file: string): number {
  if (process.platform === "win32") return 0;
  return statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
}
