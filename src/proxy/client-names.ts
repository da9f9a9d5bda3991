// Follows what a client's messages do with prepared statements and with what else its session remembers. It keeps two
// pictures: what the names will mean if everything sent succeeds, which tells what a Bind is about while it is on its way,
// and what they mean to the primary after its last answer, which tells the mirrors what they must know.

import { defineStatements } from "./define-statements.ts";
import type { BindMessage } from "./protocol/frontend.ts";
import { PreparedNames } from "./prepared-names.ts";
import type { PreparedStatement } from "./prepared-statement.ts";
import type { Request } from "./request.ts";
import { SessionObjects } from "./session-objects.ts";
import type { SessionOp } from "./session-op.ts";
import type { Statement } from "./statement-book.ts";

/** Portals of statements that touch the session; beyond, the oldest is forgotten. */
const PORTALS_MAX = 1000;
/** Parse frames of one request that are kept. */
const OP_BYTES_MAX = 16 << 20;

/** A statement's text as a message carries it: `buffer[start, end)`, perhaps only its beginning. */
export interface StatementText {
  readonly request: Request;
  readonly statement: Statement;
  readonly text: {
    readonly buffer: Buffer;
    readonly start: number;
    readonly end: number;
    readonly partial: boolean;
  };
}

export class ClientNames {
  standardConformingStrings = true;
  readonly #find: (buffer: Buffer, start: number, end: number) => Statement;
  readonly #sent = new PreparedNames();
  readonly #settled = new PreparedNames();
  readonly #objects = new SessionObjects();
  readonly #portals = new Map<string, PreparedStatement>();
  #lastId = 0;

  /** `find` says what is known of a statement's text. */
  constructor(find: (buffer: Buffer, start: number, end: number) => Statement) {
    this.#find = find;
  }

  query({ request, statement, text }: StatementText): void {
    this.#name(request, statement);
    if (touchesSession(statement)) {
      const defines = this.#define(statement, text);
      const op: SessionOp = { kind: "query", step: request.steps, executes: request.executes, statement, defines };
      request.does(op);
      this.#expect(request, op);
    }
    this.#sent.forget("");
  }

  /** `frame` is null when it is too large to keep. */
  parse({ request, statement, text }: StatementText, name: string, frame: Buffer | null): void {
    this.#name(request, statement);
    const defines = this.#define(statement, text);
    const id = ++this.#lastId;
    const size = frame?.length ?? 0;
    const kept = request.opBytes + size <= OP_BYTES_MAX ? frame : null;
    request.opBytes += kept?.length ?? 0;
    const prepared: PreparedStatement = { id, name, by: "parse", frame: kept, statement, defines };
    const op: SessionOp = { kind: "parse", step: request.steps - 1, prepared };
    request.does(op);
    this.#expect(request, op);
  }

  /** Returns the statement that is bound, or null when nobody here knows it. */
  bind(request: Request, { portal, statement: name }: BindMessage): Statement | null {
    const prepared = this.#sent.find(name) ?? null;
    if (prepared !== null && touchesSession(prepared.statement)) {
      this.#portals.set(portal, prepared);
      if (this.#portals.size > PORTALS_MAX) this.#portals.delete(this.#portals.keys().next().value!);
    } else {
      this.#portals.delete(portal);
    }
    return this.use(request, name);
  }

  /** Bind or Describe. Returns the statement, or null when nobody here knows it. */
  use(request: Request, name: string): Statement | null {
    const statement = this.#sent.find(name)?.statement ?? null;
    this.#name(request, statement);
    request.does({ kind: "use", step: request.steps - 1, name });
    return statement;
  }

  execute(request: Request, portal: string): void {
    const prepared = this.#portals.get(portal);
    if (prepared === undefined) return;
    const op: SessionOp = { kind: "execute", step: request.steps - 1, prepared };
    request.does(op);
    this.#expect(request, op);
  }

  close(request: Request, name: string): void {
    const op: SessionOp = { kind: "close", step: request.steps - 1, name };
    request.does(op);
    this.#expect(request, op);
  }

  /** All before it is answered: what its names mean is certain. */
  resolve(request: Request): void {
    if (request.ops !== null) request.needs ??= this.#settled.needsOf(request.ops);
  }

  /** The primary has answered it, or never will. */
  settled(request: Request): void {
    const { ops, primary } = request;
    // Without an answer nobody knows what is behind it; it runs on the mirrors all the same.
    this.resolve(request);
    if (!primary.answered) return;
    this.#settled.follow(request, primary);
    if (request.doesTooMuch) {
      this.#settled.lose();
      this.#sent.lose();
    }
    if (ops === null) return;
    if (primary.failed) this.#correct(ops);
    for (const statement of request.ran()) if (statement.class.forgetsSession) this.#objects.clear();
  }

  /** What was expected of these did not come true, or not all of it. */
  #correct(ops: readonly SessionOp[]): void {
    for (const op of ops) {
      if (op.kind === "parse") this.#sent.take(op.prepared.name, this.#settled);
      else if (op.kind === "close") this.#sent.take(op.name, this.#settled);
      else if (op.kind !== "use") this.#sent.takeAll(this.#settled);
    }
  }

  #name(request: Request, statement: Statement | null): void {
    request.names(statement);
    if (statement === null) return;
    this.#objects.add(statement.class.objects);
    if (this.#objects.mentions(statement)) request.touchesObjects = true;
    for (const op of statement.class.names) {
      const executed = op.kind === "execute" ? this.#sent.find(op.name) : null;
      if (!executed) continue;
      request.names(executed.statement);
      if (this.#objects.mentions(executed.statement)) request.touchesObjects = true;
    }
  }

  #define(statement: Statement, text: StatementText["text"]): readonly PreparedStatement[] {
    const { standardConformingStrings } = this;
    return defineStatements(
      { statement, standardConformingStrings, ...text },
      (start, end) => this.#find(text.buffer, start, end),
      () => ++this.#lastId,
    );
  }

  #expect({ steps, executes }: Request, op: SessionOp): void {
    this.#sent.apply([op], { steps, commands: executes + Number.MAX_SAFE_INTEGER / 2 });
  }
}

function touchesSession({ class: { sessionLevel, names, finishesPrepared } }: Statement): boolean {
  return sessionLevel || finishesPrepared || names.length > 0;
}
