// What a session has changed about itself (SET, LISTEN, PREPARE …), in the order of its requests, so that a new mirror
// connection can be made like the old one before the next request runs.

import type { Request } from "../request.ts";
import { hashTag } from "../protocol/backend.ts";
import { STATUS_IDLE, tagsOf } from "./result.ts";

const COMMANDS_MAX = 256;
const BYTES_MAX = 64 * 1024;

/** The tags of a request that ended a transaction by rolling it back, or went back to a savepoint. */
export const ROLLED_BACK = tagsOf([hashTag(Buffer.from("ROLLBACK\0"), 0, 9)]);

interface Command {
  readonly bytes: Buffer;
  /** Names what the command does: a later one with the same key stands for both. */
  readonly key: unknown;
  /** The mirror ran it itself. */
  readonly ran: boolean;
  /** A rollback leaves it: prepared statements know no transactions. */
  readonly survives: boolean;
}

/** PREPARE is repeated whatever it prepares; of everything else only what touches no data. */
const PREPARES = /^\s*prepare\b/i;

export class SessionState {
  #commands: Command[] = [];
  /** Ran in a transaction that is still open. */
  #tentative: Command[] = [];
  #bytes = 0;
  #incomplete = false;

  /**
   * The session has something that commands can't bring back: temporary tables, locks, held cursors, or more settings
   * than are kept.
   */
  get incomplete(): boolean {
    return this.#incomplete;
  }

  /**
   * The primary has answered a request; `bytes` are its frames when it was session-level and not too large, `ran` says
   * whether the mirror did what it says. Returns the commands that hold from now on and that the mirror has not run.
   */
  follow(request: Request, bytes: Buffer | null, ran: boolean): readonly Buffer[] {
    const { primary } = request;
    if (request.sessionLevel && !primary.failed) this.#note(request, bytes, ran);
    const rolledBack = primary.tags === ROLLED_BACK;
    if (primary.status !== STATUS_IDLE) {
      // To a savepoint: which of the commands it undid is not known.
      const kept = this.#tentative.filter((command) => command.survives);
      if (rolledBack && kept.length < this.#tentative.length) {
        this.#tentative = kept;
        this.#incomplete = true;
      }
      return [];
    }
    const undone = primary.failed || rolledBack;
    const tentative = this.#tentative.filter((command) => command.survives || !undone);
    this.#tentative = [];
    for (const command of tentative) this.#keep(command);
    // When the mirror rolled back what the primary committed, it has run none of it.
    return tentative.filter((command) => !command.ran || (!ran && !command.survives)).map((command) => command.bytes);
  }

  /** A command that the primary ran was kept from the mirror. */
  lose(): void {
    this.#incomplete = true;
  }

  /** What to send to a new connection, in order; each is a request of its own. */
  get commands(): readonly Buffer[] {
    return this.#commands.map((command) => command.bytes);
  }

  #note(request: Request, bytes: Buffer | null, ran: boolean): void {
    if (request.statements.some((statement) => statement.class.forgetsSession)) {
      this.#commands = [];
      this.#tentative = [];
      this.#bytes = 0;
      this.#incomplete = false;
      return;
    }
    const objects = request.statements.some((statement) => statement.class.sessionObjects);
    const uses = request.prepared ?? [];
    const taught = new Set(uses.filter((use) => use.kind === "parse").map((use) => use.statement.name));
    const needs = uses.some((use) => use.kind === "use" && !taught.has(use.name));
    if (objects || needs || bytes === null || !isRepeatable(request)) this.#incomplete = true;
    else
      this.#tentative.push({
        bytes,
        key: request.statements.length === 1 ? request.statements[0] : request,
        ran,
        survives: isOfPreparedStatements(request),
      });
  }

  #keep(command: Command): void {
    const same = this.#commands.findIndex(({ key }) => key === command.key);
    if (same >= 0) this.#bytes -= this.#commands.splice(same, 1)[0]!.bytes.length;
    if (this.#commands.length >= COMMANDS_MAX || this.#bytes + command.bytes.length > BYTES_MAX) {
      this.#incomplete = true;
      return;
    }
    this.#commands.push(command);
    this.#bytes += command.bytes.length;
  }
}

/** PREPARE, DEALLOCATE or DISCARD. */
function isOfPreparedStatements({ statements }: Request): boolean {
  return statements.every(
    ({ class: { deallocates, forgetsStatements }, text }) =>
      deallocates.length > 0 || forgetsStatements || PREPARES.test(text),
  );
}

/** Whether running it again changes nothing but the session. */
function isRepeatable(request: Request): boolean {
  return request.statements.every(
    ({ class: { level, statements }, text }) =>
      statements === 1 && (level === "other" || level === "reads" || PREPARES.test(text)),
  );
}
