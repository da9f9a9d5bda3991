// Whether a statement may change data, by its words alone. A function that writes can't be told from one that reads, and
// passes for a read; whatever else is not known to read counts as a write.

const READS = new Set(
  (
    "select values table show with explain begin start commit end rollback abort savepoint release set reset discard " +
    "prepare deallocate declare fetch move close listen unlisten notify checkpoint lock"
  ).split(" "),
);
const WRITING = /\b(?:insert|update|delete|merge|truncate|into|nextval|setval|call)\b/;
/** What a text ends with that was longer (events/statements.ts). */
const CUT = "…";
const ROW_LOCK = /\bfor\s+(?:no\s+key\s+)?update\b/g;

/** `text` is normalised: it has no literals. */
export function mayWrite(text: string): boolean {
  const plain = text
    .toLowerCase()
    .replace(/\/\*[^]*?\*\//g, " ")
    .replace(/--[^\n]*/g, " ")
    .replace(ROW_LOCK, " ");
  return plain.split(";").some(isWrite);
}

function isWrite(statement: string): boolean {
  const word = /[a-z]+/.exec(statement)?.[0];
  if (word === undefined) return false;
  // The log has its beginning only. What a SELECT selects into stands there; what a WITH or an EXPLAIN is about may not.
  if (statement.endsWith(CUT) && word !== "select") return true;
  if (word === "copy") return !/\bto\s+stdout\b/.test(statement);
  return !READS.has(word) || WRITING.test(statement);
}
