// What a statement's text says about how it must be treated: may it be sampled out, does it open a transaction, can its
// rows be compared. Computed once for each new statement key, from words and brackets alone; a text that PostgreSQL would
// refuse may get any answer, since none of it will run.

import { TOKEN_BLANK, TOKEN_LITERAL, TOKEN_WORD, tokenEnd, tokenKind } from "./statement-key.ts";

/** `other` says nothing about data: transaction control, SET, LISTEN, VACUUM … */
type StatementLevel = "reads" | "dml" | "ddl" | "other";

export interface StatementClass {
  /** Of several statements the one that does most: ddl, dml, reads, other. */
  readonly level: StatementLevel;
  /** BEGIN or START TRANSACTION. */
  readonly opensTransaction: boolean;
  /** COMMIT, END, ROLLBACK (not to a savepoint), ABORT, PREPARE TRANSACTION. */
  readonly closesTransaction: boolean;
  /** … AND CHAIN. */
  readonly chains: boolean;
  /** Changes what later requests of the session find: settings, prepared names, temporary tables, locks. */
  readonly sessionLevel: boolean;
  /** … in a way that repeating the command on another connection would not: temporary tables, locks, held cursors. */
  readonly sessionObjects: boolean;
  /** DISCARD ALL: the session is as new. */
  readonly forgetsSession: boolean;
  /** DEALLOCATE ALL, DISCARD ALL: no prepared statement is left. */
  readonly forgetsStatements: boolean;
  /** The names, as wire strings, of DEALLOCATE name. */
  readonly deallocates: readonly string[];
  /** Its rows, or what it stores, may differ from one execution to the next by nature. */
  readonly volatile: boolean;
  /** Statements in the text, empty ones not counted. */
  readonly statements: number;
}

const RANK: Readonly<Record<StatementLevel, number>> = { other: 0, reads: 1, dml: 2, ddl: 3 };

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
/** Behind these a name follows, even one that looks like a verb. */
const NAME_FOLLOWS = words("with recursive , by set using");

/** Session-level locks outlive the transaction (PostgreSQL 18 docs, 9.28.10). */
const SESSION_FUNCTIONS = words(
  "pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared " +
    "pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all",
);

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
  return found;
}

class Findings implements StatementClass {
  level: StatementLevel = "other";
  opensTransaction = false;
  closesTransaction = false;
  chains = false;
  sessionLevel = false;
  sessionObjects = false;
  forgetsSession = false;
  forgetsStatements = false;
  readonly deallocates: string[] = [];
  volatile = false;
  statements = 0;

  holdObjects(): void {
    this.sessionLevel = true;
    this.sessionObjects = true;
  }

  raise(level: StatementLevel): void {
    if (RANK[level] > RANK[this.level]) this.level = level;
  }
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
  else if (READ_VERBS.has(verb)) found.raise("reads");
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
  else if (t.text === "hold" && t.previous === "with") found.holdObjects();
  else if (t.text === "(") {
    const name = t.previous.startsWith('"') ? t.previous.slice(1, -1) : t.previous;
    if (VOLATILE_FUNCTIONS.has(name)) found.volatile = true;
    if (SESSION_FUNCTIONS.has(name)) found.holdObjects();
    if (name === "set_config") t.configDepth = t.depth;
  } else if (t.text === ")" && t.depth === t.configDepth) {
    // The third argument says whether the setting ends with the transaction; one that isn't a plain true may be false.
    if (t.previous !== "true") found.sessionLevel = true;
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
    if (/^temp(?:orary)?$/.test(t.text) && /^(?:into|local|global)$/.test(t.previous)) found.holdObjects();
    note(t, found);
  }
}

function readSessionCommand(t: Tokens, found: Findings, verb: string): void {
  t.next();
  if (verb !== "set" || !SET_OF_TRANSACTION.has(t.text)) found.sessionLevel = true;
  if (verb === "deallocate") t.take("prepare");
  if (verb === "discard" && t.text === "all") found.forgetsSession = true;
  if (/^(?:deallocate|discard)$/.test(verb) && t.text === "all") found.forgetsStatements = true;
  else if (verb === "deallocate" && !t.ended) found.deallocates.push(t.name);
  readRest(t, found);
}

function readCreate(t: Tokens, found: Findings): void {
  for (; CREATE_PREFIXES.has(t.text); t.next()) if (t.text.startsWith("temp")) found.holdObjects();
  t.inRoutine = t.text === "function" || t.text === "procedure";
  for (; !t.ended; t.next()) {
    if (t.text === "pg_temp") found.holdObjects();
    note(t, found);
  }
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
  found.sessionLevel = true;
  while (!t.ended && (t.text !== "as" || t.depth > 0)) t.next();
  if (t.ended) return;
  t.next();
  readStatement(t, found, true);
}

function readTransactionEnd(t: Tokens, found: Findings): void {
  if (!t.take("work")) t.take("transaction");
  if (t.text === "prepared") found.raise("dml");
  else if (t.text !== "to") found.closesTransaction = true;
  for (; !t.ended; t.next()) if (t.text === "chain" && t.previous === "and") found.chains = true;
}

const LITERAL = "'";

/** The words, brackets and other signs of a text, one after the other, without white space and comments. */
class Tokens {
  /** A word in lower case, a "quoted" name as it stands, a sign, LITERAL, or "" at the end. */
  text = "";
  /** The token before this one, and the one before that. */
  previous = "";
  before = "";
  /** Brackets that are open around this token; a bracket itself is outside. */
  depth = 0;
  /** Depth of the set_config call that is being read, -1 outside. */
  configDepth = -1;
  /** In CREATE FUNCTION or PROCEDURE, whose BEGIN ATOMIC … END holds semicolons. */
  inRoutine = false;
  #blocks = 0;
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #backslashes: boolean;
  #at: number;

  constructor(buffer: Buffer, start: number, end: number, backslashes: boolean) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
    this.#backslashes = backslashes;
    this.next();
  }

  /** At the semicolon that ends the statement, or at the end of the text. */
  get ended(): boolean {
    return this.text === "" || (this.text === ";" && this.depth === 0 && this.#blocks === 0);
  }

  /** A name as PostgreSQL understands it: a quoted one without its quotes. */
  get name(): string {
    return this.text.startsWith('"') ? this.text.slice(1, -1).replaceAll('""', '"') : this.text;
  }

  /** Goes on when this token is `text`. */
  take(text: string): boolean {
    if (this.text !== text) return false;
    this.next();
    return true;
  }

  next(): void {
    if (this.text === "(") this.depth++;
    this.before = this.previous;
    this.previous = this.text;
    this.text = this.#read();
    if (this.text === ")" && this.depth > 0) this.depth--;
    if (this.inRoutine) this.#followBlocks();
  }

  /** As psql does it: CASE has an END too. */
  #followBlocks(): void {
    if (this.text === "atomic" && this.previous === "begin") this.#blocks++;
    else if (this.text === "case" && this.#blocks > 0) this.#blocks++;
    else if (this.text === "end" && this.#blocks > 0) this.#blocks--;
    else if (this.ended) this.inRoutine = false;
  }

  #read(): string {
    while (this.#at < this.#end) {
      const at = this.#at;
      this.#at = tokenEnd(this.#buffer, at, this.#end, this.#backslashes);
      const kind = tokenKind(this.#buffer, at, this.#at);
      if (kind === TOKEN_BLANK) continue;
      if (kind === TOKEN_LITERAL) return LITERAL;
      const text = this.#buffer.toString("latin1", at, this.#at);
      return kind === TOKEN_WORD ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
    }
    return "";
  }
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
