// What a session has changed about itself (SET, LISTEN …), in the order of its requests, so that a mirror's session can be
// made like it: a new connection from the beginning, a connection that missed something from there on.

import type { Request } from "../request.ts";
import type { StatementClass } from "../statement-class.ts";
import { STATUS_IDLE } from "./result.ts";

const COMMANDS_MAX = 256;
const BYTES_MAX = 64 * 1024;

interface Command {
  /** Its frames; null: repeating them would not bring back what it did. */
  readonly bytes: Buffer | null;
  /** Names what the command does: a later one with the same key stands for both. */
  readonly key: unknown;
  /** The mirror ran it itself. */
  readonly ran: boolean;
}

/** What the mirror's session needs after a request. */
export interface Followed {
  /** To be sent to it, in order, each a request of its own. */
  readonly repeat: readonly Buffer[];
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
   * The session has something that commands can't bring back: temporary tables, locks, held cursors, or more settings
   * than are kept.
   */
  get incomplete(): boolean {
    return this.#incomplete;
  }

  /** What to send to a new connection, in order; each is a request of its own. */
  get commands(): readonly Buffer[] {
    return this.#commands.flatMap(({ bytes }) => bytes ?? []);
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
    if (!primary.failed && ranAny(request, (statement) => statement.forgetsSession)) return this.#forget(bytes, ran);
    const changes = changesSession(request);
    if (!changes && this.#tentative.length === 0) return NOTHING;
    const controls = request.statements.some(({ class: c }) => c.opensTransaction || c.closesTransaction);
    let end = endOf(request);
    if (changes && controls) {
      // What it did inside and what outside its transactions can't be told apart, but when all of it was one.
      const isOne = end === "kept" && this.#tentative.length === 0;
      if (!isOne && primary.commands > 0) end = "unclear";
      if (isOne) this.#tentative.push(commandOf(request, bytes, ran));
    } else if (changes && !primary.failed) {
      this.#tentative.push(commandOf(request, bytes, ran));
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
      repeat: missed.flatMap(({ bytes }) => bytes ?? []),
      lost: missed.some(({ bytes }) => bytes === null),
    };
  }

  #keep(command: Command): void {
    const same = this.#commands.findIndex(({ key }) => key === command.key);
    if (same >= 0) this.#bytes -= sizeOf(this.#commands.splice(same, 1)[0]!);
    if (command.bytes === null || this.#commands.length >= COMMANDS_MAX || this.#bytes + sizeOf(command) > BYTES_MAX) {
      this.#incomplete = true;
      return;
    }
    this.#commands.push(command);
    this.#bytes += sizeOf(command);
  }

  #forget(bytes: Buffer | null, ran: boolean): Followed {
    this.#commands = [];
    this.#tentative = [];
    this.#bytes = 0;
    this.#incomplete = false;
    if (ran) return NOTHING;
    return { repeat: bytes === null ? [] : [bytes], lost: bytes === null };
  }
}

const sizeOf = ({ bytes }: Command): number => bytes?.length ?? 0;

function ranAny(request: Request, matches: (statement: StatementClass) => boolean): boolean {
  for (const statement of request.ran()) if (matches(statement.class)) return true;
  return false;
}

/** Whether it did something to the session that outlives it. */
function changesSession(request: Request): boolean {
  if (ranAny(request, ({ settings, sessionObjects }) => settings || sessionObjects)) return true;
  return request.touchesObjects && request.statements.some(({ class: c }) => c.level !== "reads" || c.movesCursor);
}

function endOf({ primary, statements }: Request): End {
  const { status, failed, commits, rollbacks } = primary;
  if (status === STATUS_IDLE) {
    if (commits > 0) return failed || rollbacks > 0 ? "unclear" : "kept";
    return failed || rollbacks > 0 ? "undone" : "kept";
  }
  if (commits > 0) return rollbacks > 0 || failed ? "unclear" : "kept"; // COMMIT AND CHAIN
  if (rollbacks === 0) return "open";
  // ROLLBACK AND CHAIN undoes all of it; which part a savepoint holds is not known.
  return statements.some((statement) => statement.class.closesTransaction) ? "undone" : "unclear";
}

function commandOf(request: Request, bytes: Buffer | null, ran: boolean): Command {
  const [only] = request.statements;
  const isNamed = request.statements.length === 1 && only !== undefined && !only.class.setsByFunction;
  const kept = isRepeatable(request) ? bytes : null;
  return { bytes: kept, key: isNamed ? only : (kept?.toString("latin1") ?? request), ran };
}

/** Whether sending it again changes the same of the session, and nothing else. */
function isRepeatable({ statements, ops, touchesObjects }: Request): boolean {
  const parsed = new Set<string>();
  for (const op of ops ?? []) {
    if (op.kind === "parse") parsed.add(op.prepared.name);
    else if (op.kind === "use" && !parsed.has(op.name)) return false;
  }
  return !touchesObjects && statements.every((statement) => isHarmless(statement.class));
}

function isHarmless({ level, sessionObjects }: StatementClass): boolean {
  return !sessionObjects && (level === "other" || level === "reads");
}
