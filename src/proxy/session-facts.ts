// What a StartupMessage says about the session that it begins.

import type { DatabaseConfig } from "../config/config.ts";
import type { SessionFacts } from "./mirror/filter.ts";
import { encodeStartup, type StartupMessage, textToWire, wireToText } from "./protocol/startup.ts";

/** PostgreSQL takes these, and any beginning of them that isn't another's, for false. */
const FALSE = /^(?:f(?:a(?:l(?:s(?:e)?)?)?)?|n(?:o)?|of(?:f)?|0)$/i;

/** The database that a client asks for: its user's name when it names none. */
export function databaseOf(startup: StartupMessage): string {
  const user = startup.parameters.get("user") ?? "";
  return wireToText(startup.parameters.get("database") || user);
}

export function factsOf(startup: StartupMessage): SessionFacts {
  const { parameters } = startup;
  return {
    user: wireToText(parameters.get("user") ?? ""),
    database: databaseOf(startup),
    application: wireToText(parameters.get("application_name") ?? ""),
    replication: isReplication(parameters.get("replication")),
  };
}

/**
 * The client's own packet, byte for byte, unless the entry sends it to a database of another name or, where pgsoak logs in
 * itself, as another user.
 */
export function startupFor(
  server: DatabaseConfig,
  startup: StartupMessage,
  packet: Buffer,
  user: string | null,
): Buffer {
  if (server.databaseName === null && user === null) return packet;
  const parameters = new Map(startup.parameters);
  if (server.databaseName !== null) parameters.set("database", textToWire(server.databaseName));
  // PostgreSQL takes the one with the user's name: the client's own, whoever logs in for it.
  else if (!parameters.get("database")) parameters.set("database", parameters.get("user") ?? "");
  if (user !== null) parameters.set("user", textToWire(user));
  return encodeStartup(startup.major, startup.minor, parameters);
}

/** PostgreSQL's reading of the startup parameter `replication`: a boolean, or `database`. */
function isReplication(value: string | undefined): boolean {
  return value !== undefined && !FALSE.test(value);
}
