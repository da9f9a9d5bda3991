// The settings of PostgreSQL that clients ask for or set without being told to: kept for the session, without effect.

import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { ConsoleError } from "./console-error.ts";

/** The protocol's newest features are those of this one; drivers read the number. */
const SERVER_VERSION = "16.0";
const VALUE_CHARACTERS_MAX = 1000;
const UTF8 = /^(?:utf-?8|unicode|auto)$/i;

/** By their names in lower case; each may be set but those that PostgreSQL fixes too. */
const INITIAL: Readonly<Record<string, string>> = {
  application_name: "",
  bytea_output: "hex",
  client_encoding: "UTF8",
  client_min_messages: "notice",
  datestyle: "ISO, MDY",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  extra_float_digits: "1",
  idle_in_transaction_session_timeout: "0",
  in_hot_standby: "off",
  integer_datetimes: "on",
  intervalstyle: "postgres",
  is_superuser: "off",
  lock_timeout: "0",
  max_identifier_length: "63",
  row_security: "on",
  search_path: "",
  server_encoding: "UTF8",
  server_version: "",
  session_authorization: "",
  standard_conforming_strings: "on",
  statement_timeout: "0",
  timezone: "Etc/UTC",
  transaction_isolation: "read committed",
  transaction_read_only: "off",
};

/** Those that a server reports at the beginning, as they are written there. */
const REPORTED = [
  "application_name",
  "client_encoding",
  "DateStyle",
  "default_transaction_read_only",
  "in_hot_standby",
  "integer_datetimes",
  "IntervalStyle",
  "is_superuser",
  "server_encoding",
  "server_version",
  "session_authorization",
  "standard_conforming_strings",
  "TimeZone",
];

export const isSessionSetting = (name: string): boolean => Object.hasOwn(INITIAL, name.toLowerCase());

export class SessionSettings {
  readonly #values = new Map(Object.entries(INITIAL));

  constructor(user: string, application: string, version: string) {
    this.#values.set("server_version", `${SERVER_VERSION} (pgsoak ${version})`);
    this.#values.set("session_authorization", user);
    this.#values.set("application_name", application.slice(0, VALUE_CHARACTERS_MAX));
  }

  /** Names and values for the beginning of the session. */
  reported(): [name: string, value: string][] {
    return REPORTED.map((name) => [name, this.get(name) ?? ""]);
  }

  /** Null: there is no such setting. */
  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  /** Throws 42704 for a setting that there is not, so that a typing error in one of pgsoak's own is never taken for one. */
  set(name: string, value: string): void {
    const key = name.toLowerCase();
    if (!this.#values.has(key)) {
      const message = `unrecognized configuration parameter "${name.slice(0, 100)}"`;
      throw new ConsoleError(Sqlstate.UndefinedObject, message, { hint: "SHOW HELP lists what can be set." });
    }
    if (key === "client_encoding" && !UTF8.test(value)) {
      throw new ConsoleError(Sqlstate.FeatureNotSupported, "the console speaks UTF8 only");
    }
    this.#values.set(key, value.slice(0, VALUE_CHARACTERS_MAX));
  }
}
