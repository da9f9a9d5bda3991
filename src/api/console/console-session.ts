// A console session that is logged in: one message of the client at a time, in the simple and the extended protocol. What
// it answers is gathered by the connection and leaves when the client expects it.

import { encodeError, encodeReadyForQuery, type ErrorFields } from "../../proxy/protocol/encode.ts";
import {
  encodeBare,
  encodeCommandComplete,
  encodeDataRow,
  encodeNoParameters,
  encodeRowDescription,
} from "../../proxy/protocol/encode-server.ts";
import {
  readBind,
  readBindFormats,
  readDescribeOrClose,
  readExecute,
  readParse,
  readRowsMax,
} from "../../proxy/protocol/frontend.ts";
import { FrontendMessage } from "../../proxy/protocol/message-types.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { describeColumns, encodeCells, type Row } from "./column.ts";
import { ConsoleError } from "./console-error.ts";
import { parseStatement, type Statement, type StatementSession } from "./statement.ts";
import { tokenize } from "./tokens.ts";

/** Prepared statements and portals of one session, each. */
const NAMED_MAX = 100;
/** Statements of one Query. */
const STATEMENTS_MAX = 100;

/** A statement as it was prepared: null for an empty one. */
type Prepared = Statement | null;

interface Portal {
  readonly statement: Prepared;
  readonly formats: readonly number[];
  /** Null until it has run; then what is left of its rows. */
  rows: readonly Row[] | null;
  sent: number;
}

export interface ConsoleSessionOptions {
  readonly session: Omit<StatementSession, "deallocate">;
  /** Throws ConsoleError when the session may not carry out the statement (any more). */
  readonly authorise: (statement: Statement) => void;
  readonly send: (bytes: Buffer) => void;
  /** The client waits for what was sent. */
  readonly flush: () => Promise<void>;
  /** The error as the client is told it, for anything that was thrown. */
  readonly explain: (error: unknown) => ErrorFields;
}

export class ConsoleSession {
  readonly #o: ConsoleSessionOptions;
  readonly #session: StatementSession;
  readonly #statements = new Map<string, Prepared>();
  readonly #portals = new Map<string, Portal>();
  #status: "I" | "T" | "E" = "I";
  /** An extended message failed: all until the next Sync are passed over. */
  #skipping = false;

  constructor(options: ConsoleSessionOptions) {
    this.#o = options;
    this.#session = { ...options.session, deallocate: (name) => this.#deallocate(name) };
  }

  /** Takes one frame. Throws ConsoleError with 08P01 for one that ends the connection. */
  async frame(type: number, body: Buffer): Promise<void> {
    switch (type) {
      case FrontendMessage.Query:
        await this.#query(body);
        return await this.ready();
      case FrontendMessage.Sync:
        this.#skipping = false;
        if (this.#status === "I") this.#portals.clear();
        return await this.ready();
      case FrontendMessage.Flush:
        return await this.#o.flush();
      case FrontendMessage.FunctionCall:
        this.#fail(new ConsoleError(Sqlstate.FeatureNotSupported, "the console has no functions to call"));
        return await this.ready();
      case FrontendMessage.Parse:
      case FrontendMessage.Bind:
      case FrontendMessage.Describe:
      case FrontendMessage.Execute:
      case FrontendMessage.Close:
        return await this.#extended(type, body);
      case FrontendMessage.CopyData:
      case FrontendMessage.CopyDone:
      case FrontendMessage.CopyFail:
        return; // as PostgreSQL does outside COPY
      default:
        throw new ConsoleError(Sqlstate.ProtocolViolation, `invalid frontend message type ${type}`);
    }
  }

  async ready(): Promise<void> {
    this.#o.send(encodeReadyForQuery(this.#status));
    await this.#o.flush();
  }

  async #query(body: Buffer): Promise<void> {
    this.#skipping = false;
    try {
      const end = body.indexOf(0);
      if (end !== body.length - 1) throw malformed();
      const statements = tokenize(body.toString("utf8", 0, end)).map(parseStatement);
      if (statements.length > STATEMENTS_MAX) {
        throw new ConsoleError(Sqlstate.ProgramLimitExceeded, `more than ${STATEMENTS_MAX} statements`);
      }
      if (statements.length === 0) this.#o.send(encodeBare("EmptyQueryResponse"));
      for (const statement of statements) {
        const rows = await this.#run(statement);
        if (statement.columns !== null) this.#o.send(encodeRowDescription(describeColumns(statement.columns, [])));
        for (const row of rows) this.#row(statement, row, []);
        this.#complete(statement, rows.length);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #extended(type: number, body: Buffer): Promise<void> {
    if (this.#skipping) return;
    try {
      if (type === FrontendMessage.Parse) this.#parse(body);
      else if (type === FrontendMessage.Bind) this.#bind(body);
      else if (type === FrontendMessage.Describe) this.#describe(body);
      else if (type === FrontendMessage.Execute) await this.#execute(body);
      else this.#close(body);
    } catch (error) {
      this.#skipping = true;
      this.#fail(error);
    }
  }

  #parse(body: Buffer): void {
    const message = readParse(body, 0, body.length);
    if (message === null) throw malformed();
    const { name, textStart, textEnd } = message;
    const statements = tokenize(body.toString("utf8", textStart, textEnd)).map(parseStatement);
    if (statements.length > 1) {
      throw new ConsoleError(Sqlstate.SyntaxError, "cannot insert multiple commands into a prepared statement");
    }
    keep(this.#statements, name, statements[0] ?? null);
    this.#o.send(encodeBare("ParseComplete"));
  }

  #bind(body: Buffer): void {
    const names = readBind(body, 0, body.length);
    const formats = readBindFormats(body, 0, body.length);
    if (names === null || formats === null) throw malformed();
    if (formats.parameters > 0) {
      throw new ConsoleError(Sqlstate.ProtocolViolation, "commands of the console have no parameters");
    }
    const statement = this.#statementNamed(names.statement);
    const { resultFormats } = formats;
    const columns = statement?.columns?.length ?? 0;
    const fits = resultFormats.length <= 1 || resultFormats.length === columns;
    if (!fits || resultFormats.some((format) => format > 1)) {
      throw new ConsoleError(Sqlstate.ProtocolViolation, `these result formats don't fit ${columns} columns`);
    }
    keep(this.#portals, names.portal, { statement, formats: resultFormats, rows: null, sent: 0 });
    this.#o.send(encodeBare("BindComplete"));
  }

  #describe(body: Buffer): void {
    const target = readDescribeOrClose(body, 0, body.length);
    if (target === null) throw malformed();
    if (target.kind === "statement") {
      const statement = this.#statementNamed(target.name);
      this.#o.send(encodeNoParameters());
      this.#describeRows(statement, []);
    } else {
      const { statement, formats } = this.#portalNamed(target.name);
      this.#describeRows(statement, formats);
    }
  }

  #describeRows(statement: Prepared, formats: readonly number[]): void {
    const columns = statement?.columns ?? null;
    this.#o.send(columns === null ? encodeBare("NoData") : encodeRowDescription(describeColumns(columns, formats)));
  }

  async #execute(body: Buffer): Promise<void> {
    const message = readExecute(body, 0, body.length);
    if (message === null) throw malformed();
    const portal = this.#portalNamed(message.portal);
    const { statement, formats } = portal;
    if (statement === null) {
      this.#o.send(encodeBare("EmptyQueryResponse"));
      return;
    }
    portal.rows ??= await this.#run(statement);
    const rowsMax = readRowsMax(body, 0, body.length);
    const end = rowsMax === 0 ? portal.rows.length : Math.min(portal.rows.length, portal.sent + rowsMax);
    const rows = portal.rows.slice(portal.sent, end);
    for (const row of rows) this.#row(statement, row, formats);
    portal.sent = end;
    if (end < portal.rows.length) this.#o.send(encodeBare("PortalSuspended"));
    else this.#complete(statement, rows.length);
  }

  #close(body: Buffer): void {
    const target = readDescribeOrClose(body, 0, body.length);
    if (target === null) throw malformed();
    if (target.kind === "statement") this.#statements.delete(target.name);
    else this.#portals.delete(target.name);
    this.#o.send(encodeBare("CloseComplete"));
  }

  async #run(statement: Statement): Promise<readonly Row[]> {
    const ends = statement.transaction === "commit" || statement.transaction === "rollback";
    if (this.#status === "E" && !ends) {
      const message = "current transaction is aborted, commands ignored until end of transaction block";
      throw new ConsoleError(Sqlstate.InFailedTransaction, message);
    }
    this.#o.authorise(statement);
    return await statement.run(this.#session);
  }

  #row(statement: Statement, row: Row, formats: readonly number[]): void {
    if (statement.columns !== null) this.#o.send(encodeDataRow(encodeCells(statement.columns, row, formats)));
  }

  #complete({ tag, transaction }: Statement, rows: number): void {
    const isUndone = transaction === "commit" && this.#status === "E";
    if (transaction === "begin") this.#status = "T";
    else if (transaction !== null) this.#status = "I";
    this.#o.send(encodeCommandComplete(isUndone ? "ROLLBACK" : tag === "SELECT" ? `SELECT ${rows}` : tag));
  }

  #fail(error: unknown): void {
    if (this.#status === "T") this.#status = "E";
    this.#o.send(encodeError(this.#o.explain(error)));
  }

  #statementNamed(name: string): Prepared {
    const statement = this.#statements.get(name);
    if (statement !== undefined) return statement;
    throw new ConsoleError(Sqlstate.InvalidStatementName, "there is no prepared statement of this name");
  }

  #portalNamed(name: string): Portal {
    const portal = this.#portals.get(name);
    if (portal !== undefined) return portal;
    throw new ConsoleError(Sqlstate.InvalidCursorName, "there is no portal of this name");
  }

  #deallocate(name: string | null): void {
    if (name === null) this.#statements.clear();
    else this.#statements.delete(Buffer.from(name, "utf8").toString("latin1"));
  }
}

function keep<T>(named: Map<string, T>, name: string, value: T): void {
  if (!named.has(name) && named.size >= NAMED_MAX) {
    throw new ConsoleError(Sqlstate.ConfigurationLimitExceeded, `more than ${NAMED_MAX} are kept for no session`);
  }
  named.set(name, value);
}

const malformed = (): ConsoleError => new ConsoleError(Sqlstate.ProtocolViolation, "malformed message");
