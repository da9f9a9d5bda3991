import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REDACTED_MESSAGE_MAX, redactMessage } from "../../../src/proxy/mirror/redact.ts";
import { readError } from "../../../src/proxy/protocol/backend.ts";
import { createDatabase } from "../../helpers/clusters.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import { query } from "../../helpers/messages.ts";

/** Stands for a secret: it must not be seen again, nor any part of it. */
const MARK = "Kumquat";

describe("redactMessage", () => {
  test.each([
    ["42P01", 'relation "public.t1" does not exist'],
    ["42703", 'column "First Name" of relation "t" does not exist'],
    ["42703", "column t1.c2 does not exist"],
    ["42883", "function md5(integer) does not exist"],
    ["42883", "operator does not exist: text = integer"],
    ["42P02", "there is no parameter $1"],
    ["42501", "permission denied for table t"],
    ["42701", 'column "a" specified more than once'],
    ["42P07", 'relation "t" already exists'],
    ["42704", 'unrecognized configuration parameter "x.y"'],
    ["23505", 'duplicate key value violates unique constraint "users_pkey1"'],
    ["23502", 'null value in column "a" of relation "t" violates not-null constraint'],
    ["23503", 'insert or update on table "t" violates foreign key constraint "t_a_fkey"'],
    ["3F000", 'schema "s" does not exist'],
    ["3D000", 'database "d" does not exist'],
    ["0A000", 'extension "postgis-3" is not available'],
    ["28000", 'no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", no encryption'],
    ["42601", 'syntax error at or near "RETURNING"'],
    ["42601", 'syntax error at or near ")"'],
    ["40P01", "deadlock detected"],
    ["P0002", "query returned no rows"],
  ])("%s: %j holds names alone and stays", (sqlstate, message) => {
    expect(redactMessage(sqlstate, message)).toBe(message);
  });

  test.each([
    ["22P02", 'invalid input syntax for type integer: "4711"', 'invalid input syntax for type integer: "…"'],
    ["22P02", 'invalid input syntax for type json: "a" b"c" x', 'invalid input syntax for type json: "…" x'],
    ["42601", `syntax error at or near "'it"s'"`, 'syntax error at or near "…"'],
    ["42601", 'syntax error at or near "Brien"', 'syntax error at or near "…"'],
    ["42602", 'invalid name syntax: "a b"', 'invalid name syntax: "…"'],
    ["42704", "large object 12345 does not exist", "large object ? does not exist"],
    ["42501", 'could not open file "/a/b" for reading', 'could not open file "…" for reading'],
    ["22001", "value too long for type character varying(10)", "value too long for type character varying(?)"],
    ["22021", 'invalid byte sequence for encoding "UTF8": 0xc3 0x28', 'invalid byte sequence for encoding "…": ? ?'],
    ["22007", "date 2024-01-02T10:00 is out of range", "date ? is out of range"],
    ["42P01", "la relation « t » n'existe pas", "la relation «…» n'existe pas"],
    ["42P01", "Relation „t“ existiert nicht", "Relation „…“ existiert nicht"],
    ["22023", 'valeur « a » et "b»c" ici', 'valeur «…" ici'],
    ["22023", "valeur 'abc n'existe pas", "valeur '…"],
    ["", "what 'is' this 7", "what '…' this ?"],
    ["42601", "unterminated quoted string at or near \"'abc\n def", 'unterminated quoted string at or near "…'],
  ])("%s: of %j stays %j", (sqlstate, message, expected) => {
    expect(redactMessage(sqlstate, message)).toBe(expected);
  });

  test.each(["P0001", "P0002", "P0004", "38000", "U0001", "99999", "45000"])(
    "a text that applications write (%s) is withheld",
    (sqlstate) => {
      expect(redactMessage(sqlstate, `customer ${MARK} has no credit`)).toMatch(/withheld/);
    },
  );

  test("a message that the reader left out is withheld", () => {
    expect(redactMessage("23505", "")).toMatch(/withheld/);
  });

  test("a long message is cut, and nothing of a quotation whose end isn't seen is kept", () => {
    expect(redactMessage("XX000", "long ".repeat(1000))).toHaveLength(REDACTED_MESSAGE_MAX);
    const cut = `invalid input syntax for type json: "${`${MARK}" `.repeat(1000)}`;
    expect(redactMessage("22P02", cut)).toBe('invalid input syntax for type json: "…');
  });

  test("control characters and lines do not get into a log", () => {
    expect(redactMessage("XX000", "a\nb\u001b[31m\tc")).toBe("a b [? c");
  });

  test("no value gets through a quotation, whatever quotes and digits it holds", () => {
    const templates: readonly (readonly [string, (value: string) => string])[] = [
      ["22P02", (value) => `invalid input syntax for type integer: "${value}"`],
      ["22007", (value) => `invalid input syntax for type date: "${value}"`],
      ["22023", (value) => `invalid value for parameter "work_mem": "${value}"`],
      ["42601", (value) => `syntax error at or near "'${value}'"`],
      ["42704", (value) => `"${value}" is not an existing enum label`],
      ["0A000", (value) => `cross-database references are not implemented: "${value}"`],
      ["58P01", (value) => `could not open file "${value}": No such file or directory`],
      ["22P02", (value) => `ungültige Eingabesyntax für Typ integer: »${value}«`],
    ];
    const piece = fc.constantFrom(MARK, '"', "'", "«", "»", " ", "1", "é", "\n", 'table "', "column ");
    fc.assert(
      fc.property(fc.constantFrom(...templates), fc.array(piece, { maxLength: 10 }), ([sqlstate, write], pieces) => {
        const redacted = redactMessage(sqlstate, write(pieces.join("") + MARK));
        expect(redacted).not.toContain(MARK);
        expect(redacted.length).toBeLessThanOrEqual(REDACTED_MESSAGE_MAX);
      }),
      { numRuns: 1000 },
    );
  });

  test("any message gives a line of limited length", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("42P01", "22P02", "42601", "", "P0001"),
        fc.string({ maxLength: 3000 }),
        (state, text) => {
          expect(redactMessage(state, text)).toMatch(/^.{0,300}$/u);
        },
      ),
    );
  });
});

test("no literal of a failing statement comes back from PostgreSQL's own messages", async () => {
  await using database = await createDatabase("redact");
  await database.onMirror(`
    CREATE TABLE t (a int PRIMARY KEY, b text CHECK (b <> '${MARK}'), c date);
    INSERT INTO t VALUES (1, 'x');
    CREATE TYPE mood AS ENUM ('ok');
    CREATE FUNCTION complain(text, text) RETURNS void LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'customer % is no good', $1 USING ERRCODE = $2; END $$;
    CREATE FUNCTION insist(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN ASSERT false, $1; END $$;
  `);
  await using client = await RawClient.login(database.mirror, { user: "postgres", database: database.name });
  const failing = [
    `SELECT '${MARK}'::int`,
    `SELECT '${MARK}"x'::int`,
    `SELECT '${MARK}'::date`,
    `SELECT '${MARK}'::json`,
    `SELECT '${MARK}'::uuid`,
    `SELECT '${MARK}'::mood`,
    `SELECT '{${MARK}'::int[]`,
    `SELECT '${MARK}'::inet`,
    `SELECT '${MARK}'::interval`,
    `SELECT '${MARK} x'::regclass`,
    `SELECT 'x' '${MARK}'`,
    `SELECT 'it's ${MARK}'`,
    `SELECT '${MARK}`,
    `SELECT E'${MARK}\\xff'`,
    `SELECT to_date('${MARK}', 'YYYY-MM-DD')`,
    `SELECT set_config('work_mem', '${MARK}', false)`,
    `SET work_mem = '${MARK}'`,
    `SET TIME ZONE '${MARK}'`,
    `SELECT 'x' ~ '${MARK}('`,
    `SELECT convert_to('x', '${MARK}')`,
    `SELECT pg_read_file('/${MARK}')`,
    `COPY t FROM '/${MARK}'`,
    `INSERT INTO t VALUES (1, '${MARK}1')`,
    `INSERT INTO t VALUES (2, '${MARK}')`,
    `INSERT INTO t VALUES (null, '${MARK}')`,
    `SELECT complain('${MARK}', 'P0001')`,
    `SELECT complain('${MARK}', '23505')`,
    `SELECT complain('${MARK}', '42501')`,
    `SELECT complain('${MARK}', 'P0002')`,
    `SELECT complain('${MARK}', 'XX000')`,
    `SELECT insist('${MARK}')`,
    `SELECT timezone('${MARK}', now())`,
    `SELECT xpath('${MARK}[', '<a/>')`,
    `SELECT '${MARK}'::money`,
    `SELECT jsonb_path_query('{}', '${MARK}.')`,
    `SELECT ('{"a":1}'::jsonb #>> '{a}')::bool, '${MARK}'::bool`,
    `SELECT dblink('${MARK}')`,
  ];
  for (const statement of failing) {
    const answer = await client.exchange(query(statement));
    const error = answer.find(({ type }) => type === "E");
    expect([statement, error?.type]).toEqual([statement, "E"]);
    const { sqlstate, message } = readError(error!.body, 0, error!.body.length);
    expect(sqlstate).toBe(errorFields(error!)["C"]);
    expect([statement, redactMessage(sqlstate, message)]).toEqual([statement, expect.not.stringContaining(MARK)]);
  }
});
