// Commands that carry passwords, connection strings and settings.

import type { SecretMarks } from "./secret-marks.ts";
import { type SecretRequest, simple } from "./secret-request.ts";

export function credentials(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`credential: ${place}`);
  return [
    simple(`CREATE ROLE path_victim LOGIN PASSWORD '${m("create role")}'`, "create role path_victim login password ?"),
    simple(
      `CREATE USER path_user ENCRYPTED PASSWORD E'${m("create user")}' VALID UNTIL 'infinity'`,
      "create user path_user encrypted password ? valid until ?",
    ),
    simple(`ALTER ROLE path_victim PASSWORD '${m("alter role")}'`, "alter role path_victim password ?"),
    simple(`alter user path_user with password $x$${m("alter user")}$x$`, "alter user path_user with password ?"),
    simple(`ALTER ROLE path_nobody PASSWORD '${m("alter role refused")}'`, "alter role path_nobody password ?"),
    simple("BEGIN", "begin"),
    simple(
      `CREATE SUBSCRIPTION path_feed CONNECTION 'host=nowhere password=${m("subscription")}' PUBLICATION p WITH (connect = false)`,
      "create subscription path_feed connection ? publication p with (connect = false)",
    ),
    simple("ROLLBACK", "rollback"),
    simple("CREATE FOREIGN DATA WRAPPER path_wrapper", "create foreign data wrapper path_wrapper"),
    simple(
      `CREATE SERVER path_server FOREIGN DATA WRAPPER path_wrapper OPTIONS (secret '${m("server")}')`,
      "create server path_server foreign data wrapper path_wrapper options (secret ?)",
    ),
    simple(
      `CREATE USER MAPPING FOR postgres SERVER path_server OPTIONS (password '${m("user mapping")}')`,
      "create user mapping for postgres server path_server options (password ?)",
    ),
    simple(
      `ALTER USER MAPPING FOR postgres SERVER path_server OPTIONS (SET password '${m("altered mapping")}')`,
      "alter user mapping for postgres server path_server options (set password ?)",
    ),
    simple(`SET soak.token = '${m("set")}'`, "set soak.token = ?"),
    simple(`SET SESSION soak.word TO ${m("set a word")}`, "set session soak.word to ?"),
    simple(
      `SELECT set_config('soak.token', '${m("set_config")}', false), v FROM path_config`,
      "select set_config(?, ?, false), v from path_config",
    ),
    simple(
      `ALTER ROLE path_victim SET soak.token TO ${m("role setting")}`,
      "alter role path_victim set soak.token to ?",
    ),
    simple(
      `CREATE FUNCTION path_setting() RETURNS int LANGUAGE sql SET soak.token TO ${m("function setting")} AS 'SELECT 1'`,
      "create function path_setting() returns int language sql set soak.token to ?",
    ),
    simple(
      `ALTER SYSTEM SET primary_conninfo = 'password=${m("system setting")}'`,
      "alter system set primary_conninfo = ?",
    ),
    simple("ALTER SYSTEM RESET primary_conninfo", "alter system reset primary_conninfo"),
  ];
}
