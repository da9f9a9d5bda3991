// What the two servers are made to do differently. Every fault has a name that stands in the text of the statement that
// meets it, so that its outcome in the log can be told from one that nobody asked for.

import type { ErrorCategory, Parity } from "../../src/events/event.ts";

/** The outcome that a fault must have, when nothing else went wrong before. */
type Expected =
  | { readonly kind: "errored"; readonly category: ErrorCategory; readonly sqlstate: string }
  | { readonly kind: "mirrored"; readonly parity: Parity };

export interface Fault {
  /** Part of the normalised statement. */
  readonly name: string;
  /** How a simple Query meets it. */
  readonly sql: string;
  /** SQLSTATE that the client gets, "" for success. */
  readonly answer: string;
  readonly expected: Expected;
  /** Its schema. */
  readonly primary: string;
  readonly mirror: string;
}

const raising = (name: string, sqlstate: string): string =>
  `CREATE FUNCTION ${name}() RETURNS int LANGUAGE plpgsql AS
   $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '${sqlstate}'; END $$;`;

const returning = (name: string, body: string): string =>
  `CREATE FUNCTION ${name}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN 1; END $$;`;

export const FAULTS: readonly Fault[] = [
  {
    name: "fault_missing",
    sql: "SELECT count(*) FROM fault_missing",
    answer: "",
    expected: { kind: "errored", category: "query", sqlstate: "42P01" },
    primary: "CREATE TABLE fault_missing (id int);",
    mirror: "",
  },
  {
    name: "fault_strict",
    sql: "INSERT INTO fault_strict VALUES (-1)",
    answer: "",
    expected: { kind: "errored", category: "query", sqlstate: "23514" },
    primary: "CREATE TABLE fault_strict (id int);",
    mirror: "CREATE TABLE fault_strict (id int CHECK (id > 0));",
  },
  {
    name: "fault_full",
    sql: "SELECT fault_full()",
    answer: "",
    expected: { kind: "errored", category: "query", sqlstate: "53100" },
    primary: returning("fault_full", "NULL"),
    mirror: raising("fault_full", "53100"),
  },
  {
    name: "fault_extra",
    sql: "SELECT count(*) FROM fault_extra",
    answer: "42P01",
    expected: { kind: "mirrored", parity: "primary_failed" },
    primary: "",
    mirror: "CREATE TABLE fault_extra (id int);",
  },
  {
    name: "fault_lenient",
    sql: "INSERT INTO fault_lenient VALUES (-1)",
    answer: "23514",
    expected: { kind: "mirrored", parity: "primary_failed" },
    primary: "CREATE TABLE fault_lenient (id int CHECK (id > 0));",
    mirror: "CREATE TABLE fault_lenient (id int);",
  },
  {
    name: "fault_other",
    sql: "SELECT fault_other()",
    answer: "22003",
    expected: { kind: "mirrored", parity: "different_error" },
    primary: raising("fault_other", "22003"),
    mirror: raising("fault_other", "22012"),
  },
  {
    name: "fault_uneven",
    sql: "SELECT id FROM fault_uneven",
    answer: "",
    expected: { kind: "mirrored", parity: "different_rows" },
    primary: "CREATE TABLE fault_uneven AS SELECT generate_series(1, 2) AS id;",
    mirror: "CREATE TABLE fault_uneven AS SELECT generate_series(1, 3) AS id;",
  },
  {
    name: "fault_slow",
    sql: "SELECT fault_slow()",
    answer: "",
    expected: { kind: "errored", category: "timeout", sqlstate: "" },
    primary: returning("fault_slow", "NULL"),
    mirror: returning("fault_slow", "PERFORM pg_sleep(30)"),
  },
  {
    name: "fault_killer",
    sql: "SELECT fault_killer()",
    answer: "",
    expected: { kind: "errored", category: "connection", sqlstate: "57P01" },
    primary: returning("fault_killer", "NULL"),
    mirror: returning("fault_killer", "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(30)"),
  },
];

/** The fault that a statement meets, by its name. */
export function faultOf(statement: string): Fault | null {
  return FAULTS.find(({ name }) => statement.includes(name)) ?? null;
}
