// What client libraries send of their own accord, answered so that they go on: settings, transactions, the little queries
// by which they find out whom they talk to.

import { type Column, int8, type Row, text } from "./column.ts";
import { isSessionSetting } from "./session-settings.ts";
import type { Statement, StatementSession } from "./statement.ts";
import type { Token } from "./tokens.ts";

const EXPRESSIONS_MAX = 100;

/** Null: it is none of them. Throws ConsoleError for a setting that there is not. */
export function driverStatement(tokens: readonly Token[]): Statement | null {
  const [first] = tokens;
  if (first?.kind !== "word") return null;
  const rest = tokens.slice(1);
  switch (first.upper) {
    case "BEGIN":
    case "START":
      return { ...silent("BEGIN"), transaction: "begin" };
    case "COMMIT":
    case "END":
      return { ...silent("COMMIT"), transaction: "commit" };
    case "ROLLBACK":
    case "ABORT":
      // There are no savepoints to go back to.
      return rest.some(({ upper }) => upper === "TO") ? null : { ...silent("ROLLBACK"), transaction: "rollback" };
    case "SET":
      return setOf(rest);
    case "RESET":
      return rest.length === 1 ? silent("RESET") : null;
    case "DISCARD":
      return rest.length === 1 ? silent("DISCARD ALL", (session) => session.deallocate(null)) : null;
    case "DEALLOCATE":
      return deallocateOf(rest);
    case "CLOSE":
      return rest.length === 1 && rest[0]?.upper === "ALL" ? silent("CLOSE CURSOR ALL") : null;
    case "UNLISTEN":
      return rest.length === 1 ? silent("UNLISTEN") : null;
    case "SHOW":
      return showOf(rest);
    case "SELECT":
      return selectOf(rest);
    default:
      return null;
  }
}

function silent(tag: string, act: (session: StatementSession) => void = () => {}): Statement {
  const run = (session: StatementSession): Promise<readonly Row[]> => {
    act(session);
    return Promise.resolve([]);
  };
  return { columns: null, tag, changes: null, transaction: null, run };
}

function answer(
  columns: readonly Column[],
  tag: string,
  rows: (session: StatementSession) => readonly Row[],
): Statement {
  return {
    columns,
    tag,
    changes: null,
    transaction: null,
    run: (session) => Promise.resolve(rows(session)),
  };
}

/** SET [SESSION | LOCAL] name = value; SET TIME ZONE; SET TRANSACTION; SET SESSION CHARACTERISTICS. */
function setOf(rest: readonly Token[]): Statement | null {
  const [scope, ...behind] = rest;
  const isScoped = (scope?.upper === "SESSION" || scope?.upper === "LOCAL") && behind[0]?.upper !== "CHARACTERISTICS";
  const words = isScoped ? behind : rest;
  const [name, ...value] = words;
  if (name?.kind !== "word" || value.length === 0) return null;
  if (name.upper === "TRANSACTION" || name.upper === "SESSION") return silent("SET");
  const isZone = name.upper === "TIME" && value[0]?.upper === "ZONE";
  if (!isZone && value[0]?.upper !== "=" && value[0]?.upper !== "TO") return null;
  const shown = value.slice(1).map((token) => token.text);
  if (shown.length === 0) return null;
  const key = isZone ? "timezone" : name.text;
  return silent("SET", ({ settings }) => settings.set(key, shown.join(" ")));
}

function deallocateOf(rest: readonly Token[]): Statement | null {
  const [name, ...more] = rest[0]?.upper === "PREPARE" ? rest.slice(1) : rest;
  if (name === undefined || more.length > 0) return null;
  const isAll = name.upper === "ALL";
  return silent(isAll ? "DEALLOCATE ALL" : "DEALLOCATE", (session) => session.deallocate(isAll ? null : name.text));
}

/** SHOW name, SHOW TRANSACTION ISOLATION LEVEL, SHOW TIME ZONE. */
function showOf(rest: readonly Token[]): Statement | null {
  const words = rest.map(({ upper }) => upper).join(" ");
  const alias = { "TRANSACTION ISOLATION LEVEL": "transaction_isolation", "TIME ZONE": "timezone" }[words];
  const [name] = rest;
  if (alias === undefined && (rest.length !== 1 || name?.kind !== "word")) return null;
  const key = alias ?? name!.text.toLowerCase();
  if (!isSessionSetting(key)) return null;
  return answer([text(key)], "SHOW", ({ settings }) => [[settings.get(key)]]);
}

type Expression = { readonly column: Column; readonly value: (session: StatementSession) => string | number | null };

/** SELECT of constants and of what a client may ask about the server; of the catalog's types there are none. */
function selectOf(rest: readonly Token[]): Statement | null {
  if (rest.some(({ text: word }) => /^(?:pg_catalog\.)?pg_type$/i.test(word))) {
    return answer([int8("oid")], "SELECT", () => []);
  }
  const expressions = listOf(rest).map(expressionOf);
  const known = expressions.filter((expression) => expression !== null);
  if (known.length === 0 || known.length < expressions.length || known.length > EXPRESSIONS_MAX) return null;
  const columns = known.map(({ column }) => column);
  return answer(columns, "SELECT", (session) => [known.map(({ value }) => value(session))]);
}

/** The tokens between commas that stand outside parentheses. */
function listOf(tokens: readonly Token[]): Token[][] {
  const list: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.upper === "(") depth++;
    else if (token.upper === ")") depth--;
    if (token.upper === "," && depth === 0) list.push([]);
    else list.at(-1)!.push(token);
  }
  return list;
}

function expressionOf(tokens: readonly Token[]): Expression | null {
  const as = tokens.at(-2)?.upper === "AS" ? tokens.at(-1)!.text : null;
  const words = as === null ? tokens : tokens.slice(0, -2);
  const [first] = words;
  if (words.length === 1 && first?.kind === "number" && /^[+-]?\d{1,15}$/.test(first.text)) {
    return { column: int8(as ?? "?column?"), value: () => Number(first.text) };
  }
  if (words.length === 1 && first?.kind === "string") {
    return { column: text(as ?? "?column?"), value: () => first.text };
  }
  const name = words
    .map((token) => token.text.toLowerCase())
    .join("")
    .replace(/^pg_catalog\./, "");
  const value = FACTS[name];
  if (value === undefined) return null;
  return { column: text(as ?? name.replace("()", "")), value };
}

const FACTS: Readonly<Record<string, Expression["value"]>> = {
  "version()": ({ source, settings }) =>
    `PostgreSQL ${settings.get("server_version")}, console of pgsoak ${source.version}`,
  "current_database()": ({ database }) => database,
  "current_schema()": () => null,
  current_schema: () => null,
  current_user: ({ user }) => user,
  session_user: ({ user }) => user,
  user: ({ user }) => user,
  "pg_is_in_recovery()": () => "f",
  null: () => null,
  true: () => "t",
  false: () => "f",
};
