// What clients say to a server, every message type at least once, sane and insane. Each script leaves the data as it
// found it, so that it hears the same whenever it runs.

import type { RawClient } from "../helpers/frames.ts";
import {
  bind,
  close,
  copyData,
  copyDone,
  copyFail,
  describe,
  execute,
  flush,
  frame,
  parse,
  password,
  PROTOCOL_3_2,
  query,
  startupMessage,
  sync,
  terminate,
} from "../helpers/messages.ts";
import type { Script } from "./hear.ts";

/** The tables that the scripts use: made once, so that their object ids are the same for all. */
export const FIXTURE = `
  CREATE TABLE item (id int PRIMARY KEY, name text, price numeric(10,2), made timestamptz, raw bytea, tags text[]);
  INSERT INTO item SELECT n, 'item ' || n, n * 1.5, '2020-01-01 00:00:00+00'::timestamptz + n * interval '1 day',
    decode(md5(n::text), 'hex'), ARRAY['a', n::text] FROM generate_series(1, 500) AS n;
  CREATE TABLE scratch (id int, name text);
  CREATE FUNCTION complain(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    RAISE NOTICE 'heard %', $1 USING DETAIL = 'a detail', HINT = 'a hint', ERRCODE = '01P99';
    RAISE EXCEPTION 'complained of %', $1 USING ERRCODE = 'P0042', COLUMN = 'c', CONSTRAINT = 'k', TABLE = 't', SCHEMA = 's';
  END $$;
`;

const ask = (sql: string): Buffer[] => [parse("", sql), bind("", ""), describe("P", ""), execute("")];
const ready = (client: RawClient, times = 1): Promise<unknown> =>
  times === 0 ? Promise.resolve() : client.until("Z").then(() => ready(client, times - 1));

/** One simple query after the other. */
const queries = (name: string, ...texts: readonly string[]): Script => ({
  name,
  talk: async (client) => {
    for (const text of texts) await client.exchange(query(text));
  },
});

/** All of it in one piece, then as many answers as there are ReadyForQuery in it. */
const atOnce = (name: string, times: number, ...messages: readonly Buffer[]): Script => ({
  name,
  talk: async (client) => {
    client.send(...messages);
    await ready(client, times);
  },
});

/** The server ends the session over it. */
const lastWords = (name: string, ...messages: readonly Buffer[]): Script => ({
  name,
  talk: (client) => {
    client.send(...messages);
    return client.closed();
  },
});

/** `data` is what goes between the server's question and CopyDone. */
const copyIn = (name: string, sql: string, ...data: readonly Buffer[]): Script => ({
  name,
  talk: async (client) => {
    await client.exchange(query("BEGIN"));
    client.send(query(sql));
    await client.until("G");
    await client.exchange(...data.map((bytes) => copyData(bytes)), copyDone());
    await client.exchange(query("SELECT * FROM scratch"));
    await client.exchange(query("ROLLBACK"));
  },
});

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(""), "hex");

/** A file of COPY's binary format with the rows (1, 'one') and (2, NULL). */
const BINARY_ROWS = Buffer.concat([
  Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"),
  Buffer.alloc(8),
  hex("0002", "00000004", "00000001", "00000003", "6f6e65"),
  hex("0002", "00000004", "00000002", "ffffffff", "ffff"),
]);

/** Bind of statement "" with one int4 parameter in binary, results in binary. */
const bindBinary = (value: number): Buffer => {
  const bytes = hex("0000", "00010001", "0001", "00000004", "00000000", "00010001");
  bytes.writeInt32BE(value, 12);
  return frame("B", bytes);
};

/** Parse of "" with the object ids of its parameters. */
const parseTyped = (sql: string, ...oids: readonly number[]): Buffer => {
  const types = Buffer.alloc(2 + 4 * oids.length);
  types.writeInt16BE(oids.length, 0);
  for (const [n, oid] of oids.entries()) types.writeInt32BE(oid, 2 + 4 * n);
  return frame("P", Buffer.concat([Buffer.from(`\0${sql}\0`), types]));
};

/** FunctionCall of int4pl(40, `n`), binary in and out. */
const int4pl = (n: number): Buffer => {
  const body = hex("000000b1", "00010001", "0002", "00000004", "00000028", "00000004", "00000000", "0001");
  body.writeInt32BE(n, 22);
  return frame("F", body);
};

export const SCRIPTS: readonly Script[] = [
  queries(
    "rows of every kind",
    "SELECT * FROM item ORDER BY id",
    "SELECT NULL, true, 1.5::float8, '{}'::jsonb, ARRAY[1, 2]",
  ),
  queries(
    "several statements, none, comments alone",
    "SELECT 1; SELECT 2; SELECT 3",
    "",
    ";",
    "-- nothing",
    "/* */ SELECT 4",
  ),
  queries(
    "errors of every phase",
    "SELEC",
    "SELECT * FROM nowhere",
    "SELECT 1; SELECT 1/0; SELECT 2",
    "SELECT complain('all')",
  ),
  queries(
    "a transaction that fails, savepoints, and the states between",
    "BEGIN",
    "INSERT INTO scratch VALUES (1, 'one')",
    "SAVEPOINT s",
    "SELECT 1/0",
    "SELECT 1",
    "ROLLBACK TO s",
    "SELECT count(*) FROM scratch",
    "COMMIT AND CHAIN",
    "DELETE FROM scratch",
    "COMMIT",
    "COMMIT",
  ),
  queries(
    "notices, warnings and messages of all levels",
    "SET client_min_messages = debug1",
    "DO $$ BEGIN RAISE DEBUG 'd'; RAISE LOG 'l'; RAISE INFO 'i'; RAISE NOTICE 'n'; RAISE WARNING 'w'; END $$",
    "DROP TABLE IF EXISTS never_made",
    "ROLLBACK",
  ),
  queries(
    "parameters that are reported",
    "SET application_name = 'renamed'",
    "SET client_encoding = 'LATIN1'",
    "SELECT 'Käse'",
    "RESET ALL",
    "SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET IntervalStyle = 'iso_8601'",
    "SET standard_conforming_strings = off",
    "SELECT 'a\\'b'",
    "DISCARD ALL",
  ),
  queries(
    "prepared statements and cursors of SQL",
    "PREPARE p (int) AS SELECT name FROM item WHERE id = $1",
    "EXECUTE p(7)",
    "DEALLOCATE p",
    "EXECUTE p(7)",
    "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id FROM item ORDER BY id; FETCH 3 FROM c; FETCH BACKWARD 1 FROM c; CLOSE c; COMMIT",
  ),
  queries(
    "tables, types and what else is defined",
    "BEGIN; CREATE TABLE made (id serial, t text); CREATE INDEX ON made (t); CREATE VIEW v AS SELECT 1 AS one; COMMENT ON VIEW v IS 'x'",
    "INSERT INTO made (t) VALUES ('a'), ('b') RETURNING id + 0, t || ''",
    "MERGE INTO made USING (VALUES (1)) AS s (id) ON made.id = s.id WHEN MATCHED THEN DELETE",
    "EXPLAIN (COSTS off) SELECT 1",
    "ROLLBACK",
  ),
  queries(
    "large objects",
    "BEGIN",
    "SELECT lo_from_bytea(424242, decode(repeat('ab', 5000), 'hex'))",
    "SELECT lo_get(424242, 0, 16)",
    "SELECT loread(lo_open(424242, 262144), 100)",
    "SELECT lo_unlink(424242)",
    "ROLLBACK",
  ),
  queries(
    "LISTEN and NOTIFY of one's own",
    "LISTEN here; LISTEN there",
    "NOTIFY here, 'a'; NOTIFY there",
    "UNLISTEN *",
    "NOTIFY here",
  ),
  queries(
    "locks and timeouts",
    "SET lock_timeout = 1; SET statement_timeout = 50",
    "SELECT pg_sleep(10)",
    "RESET statement_timeout",
  ),
  queries(
    "text in other encodings",
    "SELECT 'naïve 🐘', U&'\\0441\\043B\\043E\\043D', E'\\xff'",
    "SELECT convert_to('🐘', 'UTF8')",
  ),
  copyIn(
    "COPY in, text",
    "COPY scratch FROM STDIN",
    Buffer.from("1\tone\n2\t\\N\n"),
    Buffer.from("3\tthr"),
    Buffer.from("ee\n\\.\n"),
  ),
  copyIn(
    "COPY in, CSV with a header",
    "COPY scratch FROM STDIN (FORMAT csv, HEADER)",
    Buffer.from('id,name\n1,"o,n""e"\n2,\n'),
  ),
  copyIn("COPY in, binary", "COPY scratch FROM STDIN (FORMAT binary)", BINARY_ROWS),
  copyIn("COPY in, nothing", "COPY scratch FROM STDIN"),
  copyIn(
    "COPY in, data that is refused",
    "COPY scratch FROM STDIN",
    Buffer.from("not a number\tx\n"),
    Buffer.alloc(20_000, "1\tx\n"),
  ),
  atOnce(
    "COPY in, given up by the client",
    2,
    query("COPY scratch FROM STDIN"),
    copyFail("no more"),
    query("SELECT 1"),
  ),
  queries(
    "COPY out, text, CSV, binary, of a query, of nothing",
    "COPY item TO STDOUT",
    "COPY (SELECT id, name FROM item WHERE id < 5) TO STDOUT (FORMAT csv, HEADER, QUOTE '''')",
    "COPY item TO STDOUT (FORMAT binary)",
    "COPY scratch TO STDOUT; SELECT 1; COPY (SELECT 1/0) TO STDOUT",
  ),
  {
    name: "COPY in and out in the extended protocol",
    talk: async (client) => {
      await client.exchange(query("BEGIN"));
      client.send(...ask("COPY scratch FROM STDIN"), sync());
      await client.until("G");
      await client.exchange(copyData(Buffer.from("1\tone\n")), sync(), flush(), copyDone(), sync());
      await client.exchange(...ask("COPY scratch FROM STDIN"), copyData(Buffer.from("2\ttwo\n")), copyDone(), sync());
      await client.exchange(...ask("COPY scratch TO STDOUT"), sync());
      await client.exchange(query("ROLLBACK"));
    },
  },
  atOnce(
    "named statements and portals, described, run, closed",
    3,
    parse("s", "SELECT id, name FROM item WHERE id = $1"),
    describe("S", "s"),
    bind("p", "s", ["3"]),
    describe("P", "p"),
    execute("p"),
    close("P", "p"),
    close("P", "never"),
    sync(),
    bind("", "s", ["4"]),
    execute(""),
    bind("", "s", [null]),
    execute(""),
    close("S", "s"),
    sync(),
    bind("", "s", ["5"]),
    sync(),
  ),
  atOnce(
    "binary parameters and results",
    1,
    parseTyped("SELECT $1 + 1", 23),
    describe("S", ""),
    bindBinary(41),
    execute(""),
    sync(),
  ),
  atOnce(
    "statements that give nothing",
    1,
    ...ask(""),
    ...ask("SET work_mem = '5MB'"),
    ...ask("SELECT FROM item LIMIT 2"),
    sync(),
  ),
  {
    name: "a portal in pieces, each answered at Flush",
    talk: async (client) => {
      await client.exchange(query("BEGIN"));
      client.send(parse("", "SELECT id FROM item ORDER BY id"), bind("p", ""), execute("p", 3), flush());
      await client.until("s");
      client.send(execute("p", 3), flush());
      await client.until("s");
      await client.exchange(execute("p", 1), sync());
      await client.exchange(execute("p", 0), sync());
      await client.exchange(execute("p", 0), query("COMMIT"));
    },
  },
  atOnce(
    "a pipeline in which some fail",
    4,
    ...ask("SELECT 1"),
    ...ask("SELECT 1/(id - 1) FROM item"),
    ...ask("SELECT 2"),
    query("SELECT 'thrown away'"),
    int4pl(1),
    sync(),
    ...ask("SELECT 3"),
    sync(),
    query("SELECT 4"),
    sync(),
  ),
  atOnce("500 queries in one piece", 500, ...Array.from({ length: 500 }, (_, n) => query(`SELECT ${n}`))),
  atOnce("FunctionCall, right and wrong", 3, int4pl(2), frame("F", hex("ffffffff000000000001")), int4pl(0x7fffffff)),
  atOnce(
    "CopyData, CopyDone and CopyFail outside a COPY",
    1,
    copyData(Buffer.from("x")),
    copyDone(),
    copyFail("y"),
    query("SELECT 1"),
  ),
  atOnce(
    "messages whose bodies are wrong",
    5,
    ...["P", "B", "D", "C", "E"].flatMap((type) => [frame(type, Buffer.from("x")), sync()]),
  ),
  atOnce(
    "queries that end too early, too late, or hold a zero",
    3,
    frame("Q", Buffer.from("SELECT 1")),
    frame("Q", Buffer.from("SELECT 1\0\0")),
    frame("Q", Buffer.from("SELECT '\0'\0")),
  ),
  lastWords("Terminate", terminate()),
  lastWords("Terminate inside a transaction, behind a query", query("BEGIN"), query("SELECT 1"), terminate()),
  { ...lastWords("a message of a type that there is none of", frame("?", Buffer.from("what"))), endsAtOnce: true },
  { ...lastWords("a password that nobody asked for", password("secret")), endsAtOnce: true },
  { ...lastWords("a second startup packet", startupMessage({ user: "postgres" })), endsAtOnce: true },
  lastWords("an SQL query inside a COPY", query("COPY scratch FROM STDIN"), query("SELECT 1")),
  {
    name: "the client closes its side during a query",
    talk: (client) => {
      client.send(query("SELECT pg_sleep(0.05), repeat('x', 300000)"));
      client.halfClose();
      return client.closed();
    },
  },
  { ...queries("protocol 3.2", "SELECT 1"), protocol: PROTOCOL_3_2 },
  { ...queries("a protocol that nobody has", "SELECT 1"), protocol: 0x0003_00ff },
  {
    ...queries("startup parameters of many kinds", "SHOW search_path", "SHOW work_mem", "SHOW application_name"),
    parameters: {
      application_name: "ünusual",
      options: "-c search_path=a,b -c work_mem=7MB",
      client_encoding: "LATIN1",
      "_pq_.future": "1",
      extra_float_digits: "3",
    },
  },
  {
    ...queries(
      "a replication connection",
      "SHOW wal_level",
      "CREATE_REPLICATION_SLOT t TEMPORARY PHYSICAL",
      "SELECT 1",
      "NONSENSE",
    ),
    parameters: { replication: "database" },
  },
];

/** Those that can be sent byte by byte. */
export const SCRIPTS_BY_BYTE = SCRIPTS.filter(({ endsAtOnce }) => endsAtOnce !== true);
