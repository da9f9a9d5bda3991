// Statements with secrets in every place where a client can put one. Each is known by its normalised text, which must be
// in the log: what was never mirrored could not give anything away.

import { frame, query } from "../helpers/messages.ts";
import type { SecretMarks } from "./secret-marks.ts";

export interface SecretRequest {
  /** What the log must have of it; null where nothing can be said. */
  readonly kept: string | null;
  readonly messages: readonly Buffer[];
}

/** Texts longer than this are cut on their way to the log (recorder-messages.ts). */
const CUT_AT = 16_384;

/** One simple Query. */
export const simple = (sql: string, kept: string | null): SecretRequest => ({ kept, messages: [query(sql)] });

/** Where the literals of SQL are, in all their spellings. */
export function literals(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`literal: ${place}`);
  const hex = (text: string): string => Buffer.from(text).toString("hex");
  return [
    simple(`SELECT v FROM path_plain WHERE v = '${m("plain")}'`, "select v from path_plain where v = ?"),
    simple(`SELECT v FROM path_number WHERE n = ${marks.number("literal: number")}`, "select v from path_number where n = ?"),
    simple(`SELECT v FROM path_list WHERE v IN ('a', '${m("list")}', '${m("list")}')`, "select v from path_list where v in (?)"),
    simple(String.raw`SELECT v FROM path_escape WHERE v = E'it\'s ${m("escape")}'`, "select v from path_escape where v = ?"),
    simple(`SELECT v FROM path_dollar WHERE v = $$${m("dollar")}$$`, "select v from path_dollar where v = ?"),
    simple(dollarTagged(m("tag")), "select v from path_tagged where v = ?"),
    simple(`SELECT v FROM path_unicode WHERE v = U&'${m("unicode")}\\0041'`, "select v from path_unicode where v = ?"),
    simple(`SELECT v FROM path_national WHERE v = N'${m("national")}'`, "select v from path_national where v = ?"),
    simple(`SELECT v FROM path_bits WHERE v = X'${hex(m("bits"))}'::text`, "select v from path_bits where v = ?::text"),
    simple(`SELECT v FROM path_parts WHERE v = 'a'\n  '${m("continued")}'`, "select v from path_parts where v = ?"),
    simple(
      `/* ${m("comment")} /* ${m("nested comment")} */ */ SELECT v FROM path_comment -- ${m("line comment")}`,
      "select v from path_comment",
    ),
    simple(`SELECT 'a', v, '${m("several")}' FROM path_several; SELECT '${m("second")}'`, "select ?, v, ? from path_several; select ?"),
    simple(`EXPLAIN SELECT v FROM path_explain WHERE v = '${m("explain")}'`, "explain select v from path_explain where v = ?"),
    simple(`INSERT INTO path_insert VALUES ('${m("insert")}')`, "insert into path_insert values (?)"),
    simple(`UPDATE path_update SET v = '${m("update")}'`, "update path_update set v = ?"),
    simple(`SELECT v FROM path_json WHERE '{"password":"${m("json")}"}'::jsonb ? 'a'`, "select v from path_json where ?::jsonb ? ?"),
    simple(`DO $$ BEGIN PERFORM '${m("block")}'; END $$`, "do ?"),
    simple(`NOTIFY path_channel, '${m("payload")}'`, "notify path_channel, ?"),
    simple(`COMMENT ON TABLE path_plain IS '${m("comment on")}'`, "comment on table path_plain is ?"),
    simple(`PREPARE path_plan AS SELECT v FROM path_prepare WHERE v = '${m("prepare")}'`, "prepare path_plan as select v from path_prepare where v = ?"),
    simple(`PREPARE path_plan_2 (text) AS SELECT $1`, "prepare path_plan_2 (text) as select $1"),
    simple(`EXECUTE path_plan_2('${m("execute")}')`, "execute path_plan_2(?)"),
    simple(`CREATE TABLE path_made (v text DEFAULT '${m("default")}' CHECK (v <> '${m("check")}'))`, "create table path_made (v text default ? check (v <> ?))"),
    simple(`CREATE FUNCTION path_body() RETURNS text LANGUAGE sql AS $$ SELECT '${m("body")}' $$`, "create function path_body() returns text language sql as ?"),
  ];
}

const dollarTagged = (mark: string): string => `SELECT v FROM path_tagged WHERE v = $${mark}$ inside ${mark} $${mark}$`;

/** Commands that carry passwords, connection strings and settings. */
export function credentials(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`credential: ${place}`);
  return [
    simple(`CREATE ROLE path_victim LOGIN PASSWORD '${m("create role")}'`, "create role path_victim login password ?"),
    simple(`CREATE USER path_user ENCRYPTED PASSWORD E'${m("create user")}' VALID UNTIL 'infinity'`, "create user path_user encrypted password ? valid until ?"),
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
    simple(`SELECT set_config('soak.token', '${m("set_config")}', false), v FROM path_config`, "select set_config(?, ?, false), v from path_config"),
    simple(`ALTER ROLE path_victim SET soak.token TO ${m("role setting")}`, "alter role path_victim set soak.token to ?"),
    simple(
      `CREATE FUNCTION path_setting() RETURNS int LANGUAGE sql SET soak.token TO ${m("function setting")} AS 'SELECT 1'`,
      "create function path_setting() returns int language sql set soak.token to ?",
    ),
    simple(`ALTER SYSTEM SET primary_conninfo = 'password=${m("system setting")}'`, "alter system set primary_conninfo = ?"),
    simple("ALTER SYSTEM RESET primary_conninfo", "alter system reset primary_conninfo"),
  ];
}

/** Texts that are cut, broken, or read in another way than they look. */
export function brokenTexts(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`broken: ${place}`);
  const long = (table: string, before: string, opening: string, mark: string, at: number): string => {
    const begin = `SELECT v FROM ${table} WHERE v = ${before}${opening}`;
    return begin + "x".repeat(at - begin.length - 5) + mark + "y".repeat(3000) + opening;
  };
  const bytes = (text: string): Buffer => frame("Q", Buffer.concat([Buffer.from(text, "latin1"), Buffer.of(0)]));
  return [
    simple(`SELEC v FROM path_refused WHERE v = '${m("refused by the parser")}'`, "selec v from path_refused where v = ?"),
    simple(`SELECT v FROM path_open WHERE v = '${m("literal never closed")}`, "select v from path_open where v = ?"),
    simple(`SELECT v FROM path_open_dollar WHERE v = $x$${m("dollar never closed")}`, "select v from path_open_dollar where v = ?"),
    simple(`SELECT v FROM path_open_name WHERE v = "${m("name never closed")}`, "select v from path_open_name where v = ?"),
    simple(`SELECT v FROM path_open_comment /* ${m("comment never closed")}`, "select v from path_open_comment"),
    simple(`SELECT v FROM path_junk WHERE v = 1${m("junk behind a number")}`, "select v from path_junk where v = ?"),
    simple(long("path_long", "", "'", m("cut in a literal"), CUT_AT), "select v from path_long where v = ?"),
    simple(long("path_long_dollar", "'a' || ", "$x$", m("cut in dollar quotes"), CUT_AT), "select v from path_long_dollar where v = ? || ?"),
    simple(long("path_longer", "", "'", m("cut far behind"), 70_000), "select v from path_longer where v = ?"),
    { kept: "select v from path_bytes where v = ?", messages: [bytes(`SELECT v FROM path_bytes WHERE v = '\u00ff\u00fe${m("no UTF-8")}'`)] },
    { kept: "select v from path_bytes_after where v = ? \ufffd", messages: [bytes(`SELECT v FROM path_bytes_after WHERE v = '${m("before no UTF-8")}' \u00ff`)] },
    simple("SET standard_conforming_strings = off", "set standard_conforming_strings = ?"),
    simple(String.raw`SELECT v FROM path_backslash WHERE v = 'it\'s ${m("backslash")}'`, "select v from path_backslash where v = ?"),
    simple(String.raw`SELECT v FROM path_backslashes WHERE v = '\\' || '${m("backslashes")}'`, "select v from path_backslashes where v = ? || ?"),
    simple("SET standard_conforming_strings = on", "set standard_conforming_strings = ?"),
    simple(String.raw`SELECT v FROM path_straight WHERE v = 'a\' || '${m("straight")}'`, "select v from path_straight where v = ?"),
  ];
}
