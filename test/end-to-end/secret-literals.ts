// Secrets where the literals of SQL are, in all their spellings, and in comments.

import type { SecretMarks } from "./secret-marks.ts";
import { type SecretRequest, simple } from "./secret-request.ts";

export function literals(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`literal: ${place}`);
  return [
    simple(`SELECT v FROM path_plain WHERE v = '${m("plain")}'`, "select v from path_plain where v = ?"),
    simple(
      `SELECT v FROM path_number WHERE n = ${marks.number("literal: number")}`,
      "select v from path_number where n = ?",
    ),
    simple(
      `SELECT v FROM path_list WHERE v IN ('a', '${m("list")}', '${m("list")}')`,
      "select v from path_list where v in (?)",
    ),
    simple(
      String.raw`SELECT v FROM path_escape WHERE v = E'it\'s ${m("escape")}'`,
      "select v from path_escape where v = ?",
    ),
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
    simple(
      `SELECT 'a', v, '${m("several")}' FROM path_several; SELECT '${m("second")}'`,
      "select ?, v, ? from path_several; select ?",
    ),
    simple(
      `EXPLAIN SELECT v FROM path_explain WHERE v = '${m("explain")}'`,
      "explain select v from path_explain where v = ?",
    ),
    simple(`INSERT INTO path_insert VALUES ('${m("insert")}')`, "insert into path_insert values (?)"),
    simple(`UPDATE path_update SET v = '${m("update")}'`, "update path_update set v = ?"),
    simple(
      `SELECT v FROM path_json WHERE '{"password":"${m("json")}"}'::jsonb ? 'a'`,
      "select v from path_json where ?::jsonb ? ?",
    ),
    simple(`DO $$ BEGIN PERFORM '${m("block")}'; END $$`, "do ?"),
    simple(`NOTIFY path_channel, '${m("payload")}'`, "notify path_channel, ?"),
    simple(`COMMENT ON TABLE path_plain IS '${m("comment on")}'`, "comment on table path_plain is ?"),
    simple(
      `PREPARE path_plan AS SELECT v FROM path_prepare WHERE v = '${m("prepare")}'`,
      "prepare path_plan as select v from path_prepare where v = ?",
    ),
    simple(`PREPARE path_plan_2 (text) AS SELECT $1`, "prepare path_plan_2 (text) as select $1"),
    simple(`EXECUTE path_plan_2('${m("execute")}')`, "execute path_plan_2(?)"),
    simple(
      `CREATE TABLE path_made (v text DEFAULT '${m("default")}' CHECK (v <> '${m("check")}'))`,
      "create table path_made (v text default ? check (v <> ?))",
    ),
    simple(
      `CREATE FUNCTION path_body() RETURNS text LANGUAGE sql AS $$ SELECT '${m("body")}' $$`,
      "create function path_body() returns text language sql as ?",
    ),
  ];
}

const dollarTagged = (mark: string): string => `SELECT v FROM path_tagged WHERE v = $${mark}$ inside ${mark} $${mark}$`;

const hex = (text: string): string => Buffer.from(text).toString("hex");
