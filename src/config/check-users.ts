// What must hold among [[users]]: each is somebody, once for each database, and with auth = "userlist" can be told from
// others and logged in for.

import type { Config, UserConfig } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";
import { nearestKey } from "./nearest-key.ts";

export function checkUsers(config: Config, mistakes: Mistakes): void {
  for (const [index, user] of config.users.entries()) {
    checkName(config.users, index, user, mistakes);
    checkSecrets(config, index, user, mistakes);
    checkNamedDatabases(config, index, user, mistakes);
  }
  if (config.general.auth !== "userlist") return;
  if (config.users.length === 0 && !mistakes.has(["users"])) {
    mistakes.add(["general", "auth"], '"userlist" needs at least one [[users]] entry, but there is none');
  }
  for (const index of config.databases.keys()) checkLogin(config, index, mistakes);
}

function checkName(users: readonly UserConfig[], index: number, user: UserConfig, mistakes: Mistakes): void {
  const first = users.findIndex(
    (other) => other.name !== "" && other.name === user.name && sharesDatabase(other, user),
  );
  if (first === index || first === -1) return;
  const other = mistakes.refer(["users", first, "name"]);
  mistakes.add(["users", index, "name"], `"${user.name}" has an entry for the same databases already: ${other}`);
}

/** Beside an entry for all databases there may be some that name theirs, and win. */
function sharesDatabase(a: UserConfig, b: UserConfig): boolean {
  if (a.databases.length === 0 || b.databases.length === 0) return a.databases.length === b.databases.length;
  return a.databases.some((name) => b.databases.includes(name));
}

/** A password or a verifier: what it is checked with and what it logs in with would otherwise be two things. */
function checkSecrets({ general }: Config, index: number, user: UserConfig, mistakes: Mistakes): void {
  const at = (key: string): (string | number)[] => ["users", index, key];
  const isFile = mistakes.isGiven(at("password_file"));
  if (user.scramVerifier !== null && (user.password !== null || isFile)) {
    const other = mistakes.refer(at(isFile ? "password_file" : "password"));
    mistakes.add(at("scram_verifier"), `contradicts ${other}: give one of them`);
  }
  const isWrong = ["password", "password_file", "scram_verifier"].some((key) => mistakes.has(at(key)));
  if (general.auth !== "userlist" || user.password !== null || user.scramVerifier !== null || isWrong) return;
  const needs = "expected one of password, password_file and scram_verifier, but there is none";
  mistakes.add(at("name"), `${needs}, and auth = "userlist" lets nobody in without`);
}

/** Names that clients can ask for: any, where there is an entry `*`. */
function checkNamedDatabases({ databases }: Config, index: number, user: UserConfig, mistakes: Mistakes): void {
  const names = databases.map(({ name }) => name).filter((name) => name !== "");
  for (const [position, name] of user.databases.entries()) {
    const path = ["users", index, "databases", position];
    if (name === "*") {
      mistakes.add(path, 'expected the name of a database, got "*": leave the list out for every database');
    } else if (!names.includes(name) && !names.includes("*")) {
      const nearest = nearestKey(name, names);
      const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
      mistakes.add(path, `no [[databases]] entry has the name "${name}", and none is "*"${hint}`);
    }
  }
}

/** Whether pgsoak is to log in as somebody of whom it has a verifier only, which no client's login can stand in for. */
function checkLogin({ databases, users }: Config, index: number, mistakes: Mistakes): void {
  const { user, password } = databases[index]!;
  if (user === null || password !== null || mistakes.has(["databases", index, "password_file"])) return;
  const entries = users.filter(({ name }) => name === user);
  if (entries.length === 0 || entries.some((entry) => entry.password !== null)) return;
  const entry = mistakes.refer(["users", users.indexOf(entries[0]!), "name"]);
  const rule = "has a scram_verifier alone, which can't log in to a server";
  mistakes.add(["databases", index, "user"], `"${user}" needs a password here: its entry ${entry} ${rule}`);
}
