// SQL text without its literals: what a statement is called in the log, in filters and on every page. No literal
// survives, whatever the session's settings were: where the text can be read in two ways, it ends there.

import { scanSql, type Token } from "./sql-scanner.ts";

const LITERAL = "?";
/** Lists of different lengths are one statement. */
const IN_LIST = /\bin ?\( ?(?:[-+]? ?\?|\$\d+)(?: ?, ?(?:[-+]? ?\?|\$\d+))+ ?\)/g;
/** A byte that is no UTF-8 before a backslash: in SJIS, Big5 or GBK both may be one character. */
const DOUBTFUL = /\ufffd\\/;

/**
 * The statement with every literal replaced by `?`, comments dropped, white space collapsed, unquoted names and keywords
 * in lower case, and `IN` lists as `(?)`. Parameters (`$1`) and quoted names stay. The values of `SET name = …` count as
 * literals, quoted or not.
 */
export function normaliseStatement(sql: string): string {
  return render(sql, LITERAL, LITERAL).replace(IN_LIST, "in (?)");
}

/** The same statement with harmless literals in place of its own, so that PostgreSQL's parser accepts it. */
export function neutraliseStatement(sql: string): string {
  return render(sql, "''", "1");
}

function render(sql: string, stringText: string, numberText: string): string {
  const { tokens, isWhole } = certainTokens(sql);
  const hidden = settingValues(sql, tokens);
  let text = "";
  tokens.forEach((token, index) => {
    const source = sql.slice(token.start, token.end);
    if (hidden.has(index)) text += hidden.has(index - 1) ? "" : stringText;
    else if (token.type === "string") text += stringText;
    else if (token.type === "number") text += numberText;
    else if (token.type === "word") text += source.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    else if (token.type !== "space") text += source;
    else if (text !== "" && !text.endsWith(" ")) text += " ";
  });
  if (!isWhole) text += LITERAL;
  return text.replace(/[; ]+$/, "");
}

/** The tokens up to the first place where the two readings of a backslash part, or where bytes can't be trusted. */
function certainTokens(sql: string): { tokens: readonly Token[]; isWhole: boolean } {
  const tokens = scanSql(sql, false);
  if (!sql.includes("\\")) return { tokens, isWhole: true };
  const others = scanSql(sql, true);
  const parting = tokens.findIndex((token, index) => {
    const isDoubtful = token.type === "string" && DOUBTFUL.test(sql.slice(token.start, token.end));
    return isDoubtful || others[index]?.end !== token.end || others[index].type !== token.type;
  });
  return parting < 0 ? { tokens, isWhole: true } : { tokens: tokens.slice(0, parting), isWhole: false };
}

/**
 * The indexes of the tokens that are the value of a `SET name = value`, also in `ALTER … SET` and in the head of a
 * `CREATE FUNCTION`: words there are values too, and what follows them is hidden with them.
 */
function settingValues(sql: string, tokens: readonly Token[]): ReadonlySet<number> {
  const hidden = new Set<number>();
  let first = ""; // word of the statement
  let isRoutine = false; // … which creates one
  let state: "outside" | "name" | "value" = "outside";
  tokens.forEach((token, index) => {
    if (token.type === "space" && state !== "value") return;
    const text = sql.slice(token.start, token.end).toLowerCase();
    if (text === ";") {
      first = "";
      isRoutine = false;
      state = "outside";
      return;
    }
    if (first === "") first = text;
    if (first === "create" && (text === "function" || text === "procedure")) isRoutine = true;
    if (state === "value") {
      if (token.type !== "space" || hidden.has(index - 1)) hidden.add(index);
    } else if (state === "name" && (text === "=" || text === "to")) state = "value";
    else if (text === "set" && (first === "set" || first === "alter" || isRoutine)) state = "name";
    else if (state === "name" && text === "(") state = "outside";
  });
  return hidden;
}
