// The errors that pgsoak itself ends a session with. Where PostgreSQL has words for the same thing they are its own.

import type { ErrorFields } from "./protocol/encode.ts";
import { Sqlstate } from "./protocol/sqlstate.ts";

/** PostgreSQL's NAMEDATALEN, less the terminator. */
const NAME_CHARACTERS_MAX = 63;

export const SHUTDOWN = fatal(Sqlstate.AdminShutdown, "terminating connection due to administrator command");
export const LOGIN_TIMEOUT = fatal(Sqlstate.QueryCanceled, "canceling authentication due to timeout");
export const TOO_MANY_CLIENTS = fatal(Sqlstate.TooManyConnections, "sorry, too many clients already");

export const TLS_REQUIRED: ErrorFields = {
  ...fatal(Sqlstate.InvalidAuthorization, "pgsoak requires TLS"),
  hint: "Connect with sslmode=require or a stricter one.",
};

export function unknownDatabase(name: string): ErrorFields {
  return fatal(Sqlstate.UndefinedDatabase, `database "${name}" does not exist`);
}

/** `entry` is the name of the [[databases]] table, `cause` the system's error code. */
export function primaryUnreachable(entry: string, cause: string): ErrorFields {
  return {
    ...fatal(Sqlstate.CannotConnectNow, "the primary server cannot be reached"),
    detail: `pgsoak could not connect to the server of database entry "${entry}": ${cause}.`,
  };
}

/** `cause` completes the sentence. As a server says it that is itself a client, of foreign data for instance. */
export function primaryWithoutTls(entry: string, cause: string): ErrorFields {
  return {
    ...fatal(Sqlstate.CannotEstablishConnection, "TLS with the primary server could not be established"),
    detail: `TLS with the server of database entry "${entry}": ${cause}.`,
  };
}

/** PostgreSQL's words; a longer name than it would keep is cut as it does. */
export function wrongPassword(user: string): ErrorFields {
  const name = user.slice(0, NAME_CHARACTERS_MAX);
  return fatal(Sqlstate.InvalidPassword, `password authentication failed for user "${name}"`);
}

/** As for a user without the privilege to connect. */
export function forbiddenDatabase(name: string): ErrorFields {
  return {
    ...fatal(Sqlstate.InsufficientPrivilege, `permission denied for database "${name}"`),
    detail: "The user's [[users]] entry in pgsoak's configuration does not name this database.",
  };
}

/** `reason` is a clause about the primary. */
export function cannotEnterPrimary(reason: string): ErrorFields {
  return {
    ...fatal(Sqlstate.InvalidAuthorization, "pgsoak cannot log in to the primary server"),
    detail: `${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}.`,
  };
}

export function badMessageLength(length: number, max: number): ErrorFields {
  return {
    ...fatal(Sqlstate.ProtocolViolation, `invalid message length: ${length}`),
    detail: `A message length is from 4 to ${max}.`,
  };
}

function fatal(sqlstate: string, message: string): ErrorFields {
  return { severity: "FATAL", sqlstate, message };
}
