// How a statement must be treated, as far as its text says so: may it be sampled out, does it open a transaction, what
// does it do to the session, can its rows be compared.

import type { LockCall } from "./lock-call.ts";

/** `other` says nothing about data: transaction control, SET, LISTEN, VACUUM … */
type StatementLevel = "reads" | "dml" | "ddl" | "other";

/** What a statement does with a prepared one. */
export type NameOp =
  | { readonly kind: "prepare" | "execute" | "deallocate"; readonly at: number; readonly name: string }
  /** DEALLOCATE ALL and DISCARD ALL. */
  | { readonly kind: "forget"; readonly at: number };

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
  /** … in a way that repeating the command on another connection would not: temporary tables, held cursors. */
  readonly sessionObjects: boolean;
  /** What it does with session-level advisory locks; null: nothing. */
  readonly locks: LockCall | null;
  /** DISCARD ALL: the session is as new. */
  readonly forgetsSession: boolean;
  /** Changes settings, channels or libraries of the session: repeating it elsewhere brings them back. */
  readonly settings: boolean;
  /** set_config() names its setting in a literal, which the statement's key skips. */
  readonly setsByFunction: boolean;
  /** What it does with prepared statements; `at` counts the statements before, names are wire strings. */
  readonly names: readonly NameOp[];
  /** The names of temporary tables and held cursors that it makes. */
  readonly objects: readonly string[];
  /** FETCH, MOVE, CLOSE, DECLARE. */
  readonly movesCursor: boolean;
  /** COMMIT PREPARED, ROLLBACK PREPARED. */
  readonly finishesPrepared: boolean;
  /** Its rows, or what it stores, may differ from one execution to the next by nature. */
  readonly volatile: boolean;
  /** Statements in the text, empty ones not counted. */
  readonly statements: number;
}

const RANK: Readonly<Record<StatementLevel, number>> = { other: 0, reads: 1, dml: 2, ddl: 3 };

export class Findings implements StatementClass {
  level: StatementLevel = "other";
  opensTransaction = false;
  closesTransaction = false;
  chains = false;
  sessionLevel = false;
  sessionObjects = false;
  locks: LockCall | null = null;
  forgetsSession = false;
  settings = false;
  setsByFunction = false;
  readonly names: NameOp[] = [];
  readonly objects: string[] = [];
  movesCursor = false;
  finishesPrepared = false;
  volatile = false;
  statements = 0;

  holdObjects(name = ""): void {
    this.sessionLevel = true;
    this.sessionObjects = true;
    if (name !== "") this.objects.push(name);
  }

  /** Which of them it calls, and how often, is seen later. */
  callLock(): void {
    this.sessionLevel = true;
    this.locks = "unclear";
  }

  set(byFunction = false): void {
    this.sessionLevel = true;
    this.settings = true;
    this.setsByFunction ||= byFunction;
  }

  moveCursor(): void {
    this.raise("reads");
    this.movesCursor = true;
  }

  finishPrepared(): void {
    this.raise("dml");
    this.finishesPrepared = true;
  }

  forgetStatements(): void {
    this.sessionLevel = true;
    this.names.push({ kind: "forget", at: this.statements - 1 });
  }

  uses(kind: "prepare" | "execute" | "deallocate", name: string): void {
    if (kind !== "execute") this.sessionLevel = true;
    this.names.push({ kind, at: this.statements - 1, name });
  }

  raise(level: StatementLevel): void {
    if (RANK[level] > RANK[this.level]) this.level = level;
  }
}
