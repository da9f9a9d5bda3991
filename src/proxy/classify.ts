// What a statement's text says about how it must be treated: may it be sampled out, does it open a transaction, can its
// rows be compared. Computed once for each new statement key, from words and brackets alone; a text that PostgreSQL would
// refuse may get any answer, since none of it will run.

import { LOCK_FUNCTIONS, readLockCall } from "./lock-call.ts";
import { Findings, type StatementClass } from "./statement-class.ts";
import { LITERAL, Tokens } from "./tokens.ts";

const DDL_VERBS = words(
  "alter create drop truncate grant revoke comment security reindex cluster refresh reassign import",
);
const READ_VERBS = words("fetch move close declare");
const QUERY_VERBS = words("select values table with");
const MODIFYING_VERBS = words("insert update delete merge");
/** What they run is not in their text. */
const OPAQUE_VERBS = words("call do execute");
/** Another statement is part of their text. */
const HOLDING_VERBS = words("copy explain prepare");
const SESSION_VERBS = words("set reset discard deallocate listen unlisten load");
/** SET that ends with the transaction, or is about it alone. */
const SET_OF_TRANSACTION = words("local transaction constraints");
/** What may stand between CREATE and the kind of thing. */
const CREATE_PREFIXES = words("or replace global local temp temporary unlogged");
const TEMPORARY = words("temp temporary");
/** Before TEMPORARY in SELECT … INTO. */
const INTO_PREFIXES = words("into local global");
/** What may stand between CREATE TEMPORARY and the name. */
const CREATED_KINDS = words("recursive table view sequence if not exists");
/** Behind these a name follows, even one that looks like a verb. */
const NAME_FOLLOWS = words("with recursive , by set using");

/** Differ from one execution, or one server, to the next, without brackets. */
const VOLATILE_WORDS = words(
  "current_timestamp current_date current_time localtime localtimestamp current_user session_user current_role " +
    "system_user user current_catalog current_schema tablesample ctid xmin xmax cmin cmax tableoid pg_locks pg_settings",
);
/** The same as functions: they count only where a bracket follows. */
const VOLATILE_FUNCTIONS = words(
  "now clock_timestamp statement_timestamp transaction_timestamp timeofday age random random_normal setseed " +
    "gen_random_uuid gen_random_bytes gen_salt uuidv4 uuidv7 nextval currval lastval setval version current_setting " +
    "current_database pg_backend_pid pg_postmaster_start_time pg_conf_load_time pg_is_in_recovery pg_export_snapshot " +
    "pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size pg_tablespace_size",
);
/** Statistics, log positions, transaction ids, addresses, UUIDs of uuid-ossp. */
const VOLATILE_PREFIX = /^(?:pg_stat|pg_current_|pg_last_|txid_|inet_|uuid_generate_)/;

/** Classifies `buffer[start, end)`; constructs that are not closed end at `end`. */
export function classify(buffer: Buffer, start: number, end: number, standardConformingStrings = true): StatementClass {
  const tokens = new Tokens(buffer, start, end, !standardConformingStrings);
  const found = new Findings();
  while (tokens.text !== "") {
    if (!tokens.ended) {
      found.statements++;
      readStatement(tokens, found);
    }
    tokens.next();
  }
  if (found.locks !== null) found.locks = readLockCall(new Tokens(buffer, start, end, !standardConformingStrings));
  return found;
}

/**
 * Reads one statement up to its semicolon, from its first word on. `inside` of another one there is none that holds a
 * third: a text that claims so is refused by PostgreSQL, and must not cost us the stack.
 */
function readStatement(t: Tokens, found: Findings, inside = false): void {
  while (t.text === "(") t.next();
  const verb = t.text;
  if (QUERY_VERBS.has(verb)) return readQuery(t, found);
  if (SESSION_VERBS.has(verb)) return readSessionCommand(t, found, verb);
  if (DDL_VERBS.has(verb)) found.raise("ddl");
  else if (READ_VERBS.has(verb)) found.moveCursor();
  else if (MODIFYING_VERBS.has(verb) || OPAQUE_VERBS.has(verb)) found.raise("dml");
  if (OPAQUE_VERBS.has(verb)) found.volatile = true;
  t.next();
  if (inside && HOLDING_VERBS.has(verb)) return readRest(t, found);
  switch (verb) {
    case "create":
      return readCreate(t, found);
    case "copy":
      return readCopy(t, found);
    case "explain":
      return readExplain(t, found);
    case "prepare":
      return readPrepare(t, found);
    case "execute":
      found.uses("execute", t.name);
      break;
    case "declare":
      return readDeclare(t, found);
    case "show":
      found.raise("reads");
      found.volatile = true;
      break;
    case "begin":
    case "start":
      found.opensTransaction = true;
      break;
    case "commit":
    case "end":
    case "rollback":
    case "abort":
      return readTransactionEnd(t, found);
    default:
      break;
  }
  readRest(t, found);
}

function readRest(t: Tokens, found: Findings): void {
  for (; !t.ended; t.next()) note(t, found);
}

/** Functions and words that matter wherever they stand. */
function note(t: Tokens, found: Findings): void {
  if (VOLATILE_WORDS.has(t.text) || VOLATILE_PREFIX.test(t.text)) found.volatile = true;
  else if (t.text === "(") {
    const name = t.previous.startsWith('"') ? t.previous.slice(1, -1) : t.previous;
    if (VOLATILE_FUNCTIONS.has(name)) found.volatile = true;
    if (LOCK_FUNCTIONS.has(name)) found.callLock();
    if (name === "set_config") t.configDepth = t.depth;
  } else if (t.text === ")" && t.depth === t.configDepth) {
    // The third argument says whether the setting ends with the transaction; one that isn't a plain true may be false.
    if (t.previous !== "true") found.set(true);
    t.configDepth = -1;
  }
}

/** SELECT, VALUES, TABLE and WITH, whose parts or end may modify data, and which may create a table by INTO. */
function readQuery(t: Tokens, found: Findings): void {
  const base = t.depth;
  let inWith = t.text === "with";
  found.raise("reads");
  for (; !t.ended; t.next()) {
    const begins = inWith && t.depth === base && !NAME_FOLLOWS.has(t.previous);
    const beginsPart = inWith && t.depth === base + 1 && t.previous === "(" && /^(?:as|materialized)$/.test(t.before);
    if ((begins || beginsPart) && MODIFYING_VERBS.has(t.text)) found.raise("dml");
    if (begins && t.text !== "with" && (QUERY_VERBS.has(t.text) || MODIFYING_VERBS.has(t.text))) inWith = false;
    if (t.text === "into" && !/^(?:insert|merge|as)$/.test(t.previous)) found.raise("ddl");
    if (t.text !== "table" && TEMPORARY.has(t.previous) && INTO_PREFIXES.has(t.before)) found.holdObjects(t.name);
    if (t.previous === "table" && TEMPORARY.has(t.before)) found.holdObjects(t.name);
    note(t, found);
  }
}

function readSessionCommand(t: Tokens, found: Findings, verb: string): void {
  t.next();
  if (verb === "deallocate") {
    t.take("prepare");
    if (t.text === "all") found.forgetStatements();
    else if (!t.ended) found.uses("deallocate", t.name);
  } else if (verb !== "set" || !SET_OF_TRANSACTION.has(t.text)) {
    found.set();
  }
  if (verb === "discard" && t.text === "all") {
    found.forgetsSession = true;
    found.forgetStatements();
  }
  readRest(t, found);
}

function readDeclare(t: Tokens, found: Findings): void {
  const { name } = t;
  for (; !t.ended; t.next()) {
    if (t.text === "hold" && t.previous === "with") found.holdObjects(name);
    note(t, found);
  }
}

function readCreate(t: Tokens, found: Findings): void {
  let temporary = false;
  for (; CREATE_PREFIXES.has(t.text); t.next()) temporary ||= t.text.startsWith("temp");
  t.inRoutine = t.text === "function" || t.text === "procedure";
  const made: string[] = [];
  let isKept = true;
  if (temporary) {
    while (CREATED_KINDS.has(t.text)) t.next();
    if (t.text !== "pg_temp") made.push(t.name);
  }
  for (; !t.ended; t.next()) {
    if (t.previous === "." && t.before === "pg_temp") made.push(t.name);
    // ON COMMIT DROP: it is gone with its transaction.
    if (t.text === "drop" && t.previous === "commit" && t.before === "on") isKept = false;
    if (t.previous === "execute" && t.before === "as") found.uses("execute", t.name);
    note(t, found);
  }
  if (isKept) for (const name of made) found.holdObjects(name);
}

function readCopy(t: Tokens, found: Findings): void {
  found.raise("reads");
  if (t.take("(")) return readStatement(t, found, true);
  while (!t.ended && t.text !== "to" && t.text !== "from") t.next();
  if (t.text === "from") found.raise("dml");
  readRest(t, found);
}

function readExplain(t: Tokens, found: Findings): void {
  found.raise("reads");
  found.volatile = true;
  if (skipExplainOptions(t)) return readStatement(t, found, true);
  while (!t.ended) t.next();
}

/** Leaves `t` at the explained statement; returns whether it runs. */
function skipExplainOptions(t: Tokens): boolean {
  let runs = false;
  if (t.take("(")) {
    for (; !t.ended && !t.take(")"); t.next()) {
      if (isAnalyze(t.text)) runs = true;
      else if (isAnalyze(t.previous) && (t.text === "false" || t.text === "off")) runs = false;
    }
    return runs;
  }
  for (; isAnalyze(t.text) || t.text === "verbose"; t.next()) runs ||= isAnalyze(t.text);
  return runs;
}

const isAnalyze = (text: string): boolean => text === "analyze" || text === "analyse";

function readPrepare(t: Tokens, found: Findings): void {
  if (t.take("transaction") && t.text === LITERAL) {
    found.closesTransaction = true;
    return readRest(t, found);
  }
  if (!t.ended) found.uses("prepare", t.name);
  found.sessionLevel = true;
  while (!t.ended && (t.text !== "as" || t.depth > 0)) t.next();
  if (t.ended) return;
  t.next();
  readStatement(t, found, true);
}

function readTransactionEnd(t: Tokens, found: Findings): void {
  if (!t.take("work")) t.take("transaction");
  if (t.text === "prepared") found.finishPrepared();
  else if (t.text !== "to") found.closesTransaction = true;
  for (; !t.ended; t.next()) if (t.text === "chain" && t.previous === "and") found.chains = true;
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
