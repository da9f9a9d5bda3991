// What of the credentials in a valid configuration has no effect, or less than its author may think.

import type { Config, UserConfig } from "./config.ts";
import { isPrivateLine } from "./private-line.ts";

export function loginWarnings(config: Config): string[] {
  return [
    ...databaseWarnings(config),
    ...unverifiedMirrorWarnings(config),
    ...(config.general.auth === "userlist" ? verifierWarnings : unusedWarnings)(config),
  ];
}

function databaseWarnings({ general, databases, mirrorings, users }: Config): string[] {
  const isMirror = (name: string): boolean => mirrorings.some(({ destination }) => destination === name);
  const isUserlist = general.auth === "userlist";
  return databases.flatMap(({ name, user, password }) => {
    const given = [user === null ? "" : "user", password === null ? "" : "password"].filter((key) => key !== "");
    if (!isUserlist && !isMirror(name) && given.length > 0) {
      const keys = given.length > 1 ? `${given.join(" and ")} have` : `${given[0]} has`;
      return [`databases "${name}": ${keys} no effect, under auth = "passthrough" clients log in themselves`];
    }
    const isTrusted = isUserlist
      ? user !== null && password === null && !users.some((known) => known.name === user && isFor(known, name))
      : isMirror(name) && password === null && users.every((known) => known.password === null);
    const what = isMirror(name) ? "mirror" : "primary";
    return isTrusted
      ? [`databases "${name}": this ${what} is entered without a password, which it must allow (trust)`]
      : [];
  });
}

/** Whether the user's entry may be the one that a server is entered with; `*` is asked for by any name. */
function isFor({ databases }: UserConfig, name: string): boolean {
  return databases.length === 0 || name === "*" || databases.includes(name);
}

function unverifiedMirrorWarnings({ databases, mirrorings }: Config): string[] {
  const names = new Set(mirrorings.map(({ destination }) => destination));
  return databases
    .filter((database) => names.has(database.name) && database.password !== null && !isPrivateLine(database))
    .map(({ name }) => {
      const meaning = "whoever answers at its address may ask for the password in clear text";
      return `databases "${name}": ${meaning}, unless tls = "verify-full" tells the mirror from others`;
    });
}

function unusedWarnings({ users }: Config): string[] {
  return users.flatMap(({ name, password, scramVerifier }) => {
    if (scramVerifier !== null) return [`users "${name}": scram_verifier has no effect without auth = "userlist"`];
    return password === null ? [`users "${name}": without a password the entry has no effect`] : [];
  });
}

function verifierWarnings({ users }: Config): string[] {
  return users.flatMap(({ name, scramVerifier }) => {
    if (scramVerifier === null) return [];
    const rule = "only to servers that keep the very same verifier, or ask for no password";
    return [`users "${name}": with a scram_verifier pgsoak logs in as this user ${rule}`];
  });
}
