// A server's error message without the values that were in the statement. PostgreSQL quotes names and values alike and
// escapes neither, so what is quoted is kept only where the SQLSTATE and the word before it say that it is a name.
//
//   23505  duplicate key value violates unique constraint "users_pkey"  → as it is
//   22P02  invalid input syntax for type integer: "4711 or 1"           → invalid input syntax for type integer: "…"
//   P0001  customer Alice has no credit                                 → withheld

import { sqlstateClass } from "../protocol/sqlstate.ts";

export const REDACTED_MESSAGE_MAX = 300;

/** For errors whose text PostgreSQL did not write. */
const WITHHELD = "(a text of the application, withheld)";

/** More than this of a message is not looked at, and a message that is longer may be cut inside of a quotation. */
const MESSAGE_MAX = 2000;

/** PostgreSQL 18 docs, appendix A, without those whose texts are made by applications: 38, P0 and foreign classes. */
const CLASSES = new Set(
  (
    "00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 39 3B 3D 3F 40 42 44 53 54 55 57 58 " +
    "72 F0 HV XX"
  ).split(" "),
);

/** What PL/pgSQL itself says under class P0. */
const PLPGSQL_TEXTS = new Set([
  "query returned no rows",
  "query returned more than one row",
  "control reached end of function without RETURN",
]);

/**
 * States whose messages quote names behind the words of NAME_OF. Not among them, for instance: 42601 (quotes any token),
 * 42602 (an invalid name is often no name), 42809 (quotes without such a word), 58P01 (paths), all of class 22 (values).
 */
const NAMING_STATES = new Set(
  (
    "0A000 23001 23502 23503 23505 23514 23P01 28000 28P01 2BP01 3D000 3F000 42501 42701 42702 42703 42704 42710 42712 " +
    "42723 42803 42804 42830 42846 42883 428C9 42P01 42P02 42P04 42P06 42P07 42P16 53300 55000 55006 55P03"
  ).split(" "),
);

const NAME_OF =
  /\b(?:relation|table|view|sequence|index|column|reference|field|record|schema|database|role|user|host|function|procedure|aggregate|type|domain|constraint|trigger|policy|extension|language|collation|publication|subscription|server|parameter|name) $/;

/** The name itself and its closing quote. */
const NAME = /^[^"\r\n]{1,200}"/;

/** Opening quotes of any language that PostgreSQL speaks → what closes them. */
const CLOSING: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'’",
  "`": "`'",
  "«": "»",
  "»": "«",
  "„": "“”",
  "“": "”“",
  "”": "”",
  "‚": "‘’",
  "‘": "’‘",
  "’": "’",
  "‹": "›",
  "›": "‹",
};

/** Tokens that say what a server doesn't understand without quoting anybody. */
const KEYWORDS = new Set(
  (
    "all alter always and any array as asc between both by cascade case cast check collate column columns conflict " +
    "constraint create cross current default delete desc distinct do drop else end except exists fetch first following " +
    "for foreign from full function generated grant group having identity if in include index inner insert intersect " +
    "interval into is join json key lateral leading left like limit materialized merge natural no not nothing null nulls " +
    "of offset oids on only or order outer over overlaps partition passing path policy preceding primary procedure range " +
    "references restrict returning returns right rollup row rows select set sets show similar some storage table then to " +
    "trailing trigger union unique unlogged update user using value values view virtual when where window with without"
  ).split(" "),
);

/** At most REDACTED_MESSAGE_MAX characters, on one line. */
export function redactMessage(sqlstate: string, message: string): string {
  if (!isServersText(sqlstate, message)) return WITHHELD;
  const naming = NAMING_STATES.has(sqlstate);
  const quoted = redactQuoted(sqlstate, message.slice(0, MESSAGE_MAX), naming, message.length > MESSAGE_MAX);
  const line = redactNumbers(quoted, naming).replace(/[\p{Cc}\s]+/gu, " ");
  return line.length > REDACTED_MESSAGE_MAX ? `${line.slice(0, REDACTED_MESSAGE_MAX - 1)}…` : line;
}

function isServersText(sqlstate: string, message: string): boolean {
  if (message === "") return false;
  if (sqlstateClass(sqlstate) === "P0") return PLPGSQL_TEXTS.has(message);
  return sqlstate === "" || CLASSES.has(sqlstateClass(sqlstate));
}

/**
 * Keeps quoted names as long as nothing else is quoted before them. From the first other quotation on everything goes up
 * to the last quote there is, since a value may hold quotes itself, or to the end when the first isn't closed.
 */
function redactQuoted(sqlstate: string, message: string, naming: boolean, cut: boolean): string {
  let at = nextQuote(message, 0);
  while (at >= 0) {
    const rest = message.slice(at + 1);
    const name = message[at] === '"' ? (NAME.exec(rest)?.[0] ?? "") : "";
    const kept = naming ? NAME_OF.test(message.slice(0, at)) : sqlstate === "42601" && isKeyword(name);
    if (name === "" || !kept) break;
    at = nextQuote(message, at + 1 + name.length);
  }
  if (at < 0) return message;
  const opening = message.slice(0, at + 1);
  return cut ? `${opening}…` : `${opening}…${message.slice(endOfQuotation(message, at))}`;
}

function isKeyword(quoted: string): boolean {
  const token = quoted.slice(0, -1);
  return KEYWORDS.has(token.toLowerCase()) || /^[^\p{L}\p{N}'$]$/u.test(token);
}

function nextQuote(message: string, from: number): number {
  for (let at = from; at < message.length; at++) if (isQuote(message, at)) return at;
  return -1;
}

/** The last quote of the message, when one behind `at` closes what is opened there; the message's end otherwise. */
function endOfQuotation(message: string, at: number): number {
  const closing = CLOSING[message[at]!]!;
  let last = message.length;
  let closed = false;
  for (let next = nextQuote(message, at + 1); next >= 0; next = nextQuote(message, next + 1)) {
    closed ||= closing.includes(message[next]!);
    last = next;
  }
  return closed ? last : message.length;
}

/** An apostrophe between two letters is part of a word (n'existe pas). */
function isQuote(message: string, at: number): boolean {
  const char = message[at]!;
  if (!(char in CLOSING)) return false;
  return !(/['’]/.test(char) && /^\p{L}.\p{L}$/su.test(message.slice(Math.max(0, at - 1), at + 2)));
}

/** Words with a digit in them; where names may stand unquoted, numbers only. */
function redactNumbers(message: string, naming: boolean): string {
  let quoted = false;
  return message.replace(/"|[$\p{L}\p{N}_.:+-]+/gu, (token) => {
    if (token === '"') quoted = !quoted;
    const number = naming ? /^[\p{N}.:+-]*\p{N}[\p{N}.:+-]*$/u : /\p{N}/u;
    return token !== '"' && !quoted && number.test(token) ? "?" : token;
  });
}
