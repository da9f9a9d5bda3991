// Decides whether a request is selected for a mirror. Sampling is by transaction or by session, filters are by request.
// What opens a filtered transaction waits until something in it is wanted, so that no empty one is ever mirrored.

import type { MirroringConfig } from "../../config/config.ts";
import type { SkipReason } from "../../events/event.ts";
import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";
import { excludesSession, type SessionFacts, type StatementFilter } from "./filter.ts";

/** "select" it, "defer" it until something of its transaction is selected, or skip it for this reason. */
export type Decision = "select" | "defer" | SkipReason;

/** What selection goes by. Another object when something of it has changed; a unit is decided by those it began under. */
export interface SelectionRules {
  readonly config: MirroringConfig;
  readonly filter: StatementFilter;
  /** Nothing new is selected. */
  readonly paused: boolean;
}

export interface SelectionOptions {
  readonly facts: SessionFacts;
  readonly rules: () => SelectionRules;
  /** Whether there is a connection for the session. */
  readonly hasCapacity: () => boolean;
  /** The mirror must not be written to. */
  readonly readsOnly: () => boolean;
  readonly random?: () => number;
}

export class Selection {
  readonly #o: SelectionOptions;
  readonly #random: () => number;
  /** Of the session: exposed while it is below the exposure. */
  readonly #draw: number;
  #rules: SelectionRules;
  /** Why nothing of this session is mirrored under these rules, or null. */
  #never: SkipReason | null = null;
  #unit: TransactionUnit | null = null;
  #unitSkip: SkipReason | null = null;
  /** The unit is a transaction block. */
  #inBlock = false;
  /** Something of the unit was wanted. */
  #wanted = false;

  constructor(options: SelectionOptions) {
    this.#o = options;
    this.#random = options.random ?? Math.random;
    this.#draw = this.#random();
    this.#rules = options.rules();
    this.#adopt(this.#rules);
  }

  decide(request: Request): Decision {
    if (request.unit !== this.#unit) this.#begin(request);
    if (this.#never !== null) return this.#never;
    if (this.#unitSkip !== null) {
      // What later requests of the session depend on must happen on the mirror too. Inside a transaction that was sampled
      // out it must wait for the transaction's end: a rollback undoes it.
      const isAlone = request.unit.requests === 1 && !request.statements.some(({ class: c }) => c.opensTransaction);
      const needed = this.#unitSkip === "exposure" && request.sessionLevel && isAlone && !request.partial;
      return needed && this.#o.hasCapacity() ? this.#filtered(request) : this.#unitSkip;
    }
    return this.#filtered(request);
  }

  /** Whether the request could be selected, as far as is known of it, so that its bytes must be kept. */
  mayTake(request: Request): boolean {
    if (request.unit !== this.#unit && this.#o.rules() !== this.#rules) return true;
    if (this.#never !== null) return false;
    return request.unit !== this.#unit || this.#unitSkip === null || request.sessionLevel;
  }

  #begin(request: Request): void {
    const rules = this.#o.rules();
    // Bytes that the old rules had no use for are gone: such a request is still theirs.
    if (rules !== this.#rules && !request.partial) this.#adopt(rules);
    this.#unit = request.unit;
    this.#inBlock = false;
    this.#wanted = false;
    if (this.#never !== null) return;
    if (this.#rules.paused) this.#unitSkip = "paused";
    else this.#unitSkip = this.#exposed() ? (this.#o.hasCapacity() ? null : "capacity") : "exposure";
  }

  #adopt(rules: SelectionRules): void {
    const { facts } = this.#o;
    this.#rules = rules;
    this.#never = facts.replication ? "replication" : excludesSession(rules.config, facts) ? "filter" : null;
  }

  #exposed(): boolean {
    const { exposure, exposureUnit } = this.#rules.config;
    if (exposureUnit === "session") return this.#draw < exposure;
    return exposure >= 1 || this.#random() < exposure;
  }

  #filtered(request: Request): Decision {
    const { filter } = this.#rules;
    const readsOnly = this.#o.readsOnly();
    if (!filter.active && !readsOnly) return "select";
    const verdict = filter.judge(request, readsOnly);
    if (verdict === "unwanted") {
      // The transaction that it leaves open can't be mirrored without it.
      if (opensTransaction(request)) this.#unitSkip = "filter";
      return "filter";
    }
    if (verdict === "wanted") this.#wanted = true;
    if (this.#wanted) return "select";
    return this.#neutral(request);
  }

  /** It says nothing about data, and nothing of its unit was wanted so far. */
  #neutral(request: Request): Decision {
    if (opensTransaction(request)) {
      if (this.#inBlock || !request.statements.some((statement) => statement.class.chains)) {
        this.#inBlock = true;
        return "defer";
      }
      // The transaction that it goes on from is none that the mirror could be in.
      this.#unitSkip = "filter";
      return "filter";
    }
    if (request.closesTransaction) {
      this.#inBlock = false;
      return "filter";
    }
    if (this.#inBlock) return "defer";
    return request.sessionLevel || request.statements.length === 0 ? "select" : "filter";
  }
}

/** Whether it may leave a transaction open that it has begun. */
function opensTransaction({ statements }: Request): boolean {
  return statements.some(({ class: c }) => c.opensTransaction || c.chains);
}
