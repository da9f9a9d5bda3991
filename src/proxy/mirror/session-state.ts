// What a session has changed about itself (SET, LISTEN …), in the order of its requests, so that a mirror's session can be
// made like it: a new connection from the beginning, a connection that missed something from there on.

import type { Need } from "../prepared-names.ts";
import type { Request, RequestKind } from "../request.ts";
import type { SessionOp } from "../session-op.ts";
import type { StatementClass } from "../statement-class.ts";
import { STATUS_IDLE } from "./result.ts";

const COMMANDS_MAX = 256;
const BYTES_MAX = 64 * 1024;

/** Frames of a request that changed the session, as they may be sent again; see Teacher.repeat(). */
export interface SessionCommand {
  readonly kind: RequestKind;
  readonly frames: Buffer;
  readonly ops: readonly SessionOp[];
  readonly needs: readonly Need[];
}

interface Command {
  /** Null: repeating it would not bring back what it did. */
  readonly command: SessionCommand | null;
  /** Names what the command does: a later one with the same key stands for both. */
  readonly key: unknown;
  /** The mirror ran it itself. */
  readonly ran: boolean;
}

/** What the mirror's session needs after a request. */
export interface Followed {
  /** To be sent to it, in order, each a request of its own. */
  readonly repeat: readonly SessionCommand[];
  /** It lacks something that nothing can bring back. */
  readonly lost: boolean;
}

/** How a request left the transaction that its session was in. */
type End = "open" | "kept" | "undone" | "unclear";

const NOTHING: Followed = { repeat: [], lost: false };

export class SessionState {
  #commands: Command[] = [];
  /** Ran in a transaction that is still open. */
  #tentative: Command[] = [];
  #bytes = 0;
  #incomplete = false;

  /**
   * The session has something that commands can't bring back: temporary tables, held cursors, or more settings than are
   * kept. Advisory locks are followed apart.
   */
  get incomplete(): boolean {
    return this.#incomplete;
  }

  /** What to send to a new connection, in order; each is a request of its own. */
  get commands(): readonly SessionCommand[] {
    return this.#commands.flatMap(({ command }) => command ?? []);
  }

  /** More was missed than could be followed. */
  lose(): void {
    this.#incomplete = true;
  }

  /**
   * The primary has answered a request; `bytes` are its frames when they are few enough to keep, `ran` says whether the
   * mirror did what it says.
   */
  follow(request: Request, bytes: Buffer | null, ran: boolean): Followed {
    const { primary } = request;
    if (!primary.failed && ranAny(request, (statement) => statement.forgetsSession)) {
      return this.#forget(commandOf(request, bytes), ran);
    }
    const changes = changesSession(request);
    if (!changes && this.#tentative.length === 0) return NOTHING;
    const controls = request.statements.some(({ class: c }) => c.opensTransaction || c.closesTransaction);
    let end = endOf(request);
    if (changes && controls) {
      // What it did inside and what outside its transactions can't be told apart, but when all of it was one.
      const isOne = end === "kept" && this.#tentative.length === 0;
      if (!isOne && primary.commands > 0) end = "unclear";
      if (isOne) this.#tentative.push(keptOf(request, bytes, ran));
    } else if (changes && !primary.failed) {
      this.#tentative.push(keptOf(request, bytes, ran));
    }
    return this.#end(end, ran);
  }

  #end(end: End, ran: boolean): Followed {
    if (end === "open") return NOTHING;
    const ended = this.#tentative;
    this.#tentative = [];
    if (end === "undone") return NOTHING;
    const missed = ended.filter((command) => !command.ran || !ran);
    if (end === "unclear") {
      this.#incomplete = true;
      return { repeat: [], lost: missed.length > 0 || !ran };
    }
    for (const command of ended) this.#keep(command);
    return {
      repeat: missed.flatMap(({ command }) => command ?? []),
      lost: missed.some(({ command }) => command === null),
    };
  }

  #keep(command: Command): void {
    const same = this.#commands.findIndex(({ key }) => key === command.key);
    if (same >= 0) this.#bytes -= sizeOf(this.#commands.splice(same, 1)[0]!);
    if (
      command.command === null ||
      this.#commands.length >= COMMANDS_MAX ||
      this.#bytes + sizeOf(command) > BYTES_MAX
    ) {
      this.#incomplete = true;
      return;
    }
    this.#commands.push(command);
    this.#bytes += sizeOf(command);
  }

  #forget(command: SessionCommand | null, ran: boolean): Followed {
    this.#commands = [];
    this.#tentative = [];
    this.#bytes = 0;
    this.#incomplete = false;
    if (ran) return NOTHING;
    return { repeat: command === null ? [] : [command], lost: command === null };
  }
}

const sizeOf = ({ command }: Command): number => command?.frames.length ?? 0;

/** Whether the primary ran one that matches. */
export function ranAny(request: Request, matches: (statement: StatementClass) => boolean): boolean {
  for (const statement of request.ran()) if (matches(statement.class)) return true;
  return false;
}

/** Whether it did something to the session that outlives it. */
function changesSession(request: Request): boolean {
  if (ranAny(request, ({ settings, sessionObjects }) => settings || sessionObjects)) return true;
  return request.touchesObjects && request.statements.some(({ class: c }) => c.level !== "reads" || c.movesCursor);
}

function endOf({ primary, closesTransaction }: Request): End {
  const { status, failed, commits, rollbacks } = primary;
  if (status === STATUS_IDLE) {
    if (commits > 0) return failed || rollbacks > 0 ? "unclear" : "kept";
    return failed || rollbacks > 0 ? "undone" : "kept";
  }
  if (commits > 0) return rollbacks > 0 || failed ? "unclear" : "kept"; // COMMIT AND CHAIN
  if (rollbacks === 0) return "open";
  // ROLLBACK AND CHAIN undoes all of it; which part a savepoint holds is not known.
  return closesTransaction ? "undone" : "unclear";
}

/** The request as a command; null when its frames were not kept, or stand on a statement that they don't bring along. */
export function commandOf({ kind, ops, needs }: Request, frames: Buffer | null): SessionCommand | null {
  if (frames === null) return null;
  const isComplete = (needs ?? []).every(({ meaning }) => {
    if (meaning === null) return true;
    return kind === "extended" && meaning?.by === "parse" && meaning.frame !== null;
  });
  return isComplete ? { kind, frames, ops: ops ?? [], needs: needs ?? [] } : null;
}

function keptOf(request: Request, bytes: Buffer | null, ran: boolean): Command {
  const [only] = request.statements;
  const isNamed = request.statements.length === 1 && only !== undefined && !only.class.setsByFunction;
  const command = isRepeatable(request) ? commandOf(request, bytes) : null;
  return { command, key: isNamed ? only : (command?.frames.toString("latin1") ?? request), ran };
}

/** Whether sending it again changes the same of the session, and nothing else. */
function isRepeatable({ statements, touchesObjects }: Request): boolean {
  return !touchesObjects && statements.every((statement) => isHarmless(statement.class));
}

function isHarmless({ level, sessionObjects, locks }: StatementClass): boolean {
  return !sessionObjects && locks === null && (level === "other" || level === "reads");
}
