// Decides whether a request is selected for a mirror. Sampling is by transaction or by session, filters are by request.
// What opens a filtered transaction waits until something in it is wanted, so that no empty one is ever mirrored.

import type { MirroringConfig } from "../../config/config.ts";
import type { SkipReason } from "../../events/event.ts";
import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";
import { excludesSession, type SessionFacts, type StatementFilter } from "./filter.ts";

/** "select" it, "defer" it until something of its transaction is selected, or skip it for this reason. */
export type Decision = "select" | "defer" | SkipReason;

export interface SelectionOptions {
  readonly config: MirroringConfig;
  readonly facts: SessionFacts;
  readonly filter: StatementFilter;
  /** Whether there is a connection for the session. */
  readonly hasCapacity: () => boolean;
  /** The mirror must not be written to. */
  readonly readsOnly: () => boolean;
  readonly random?: () => number;
}

export class Selection {
  readonly #o: SelectionOptions;
  readonly #random: () => number;
  /** Why nothing of this session is ever mirrored, or null. */
  readonly #never: SkipReason | null;
  readonly #sessionExposed: boolean;
  #unit: TransactionUnit | null = null;
  #unitSkip: SkipReason | null = null;
  /** The unit is a transaction block. */
  #inBlock = false;
  /** Something of the unit was wanted. */
  #wanted = false;

  constructor(options: SelectionOptions) {
    const { config, facts } = options;
    this.#o = options;
    this.#random = options.random ?? Math.random;
    this.#never = facts.replication ? "replication" : excludesSession(config, facts) ? "filter" : null;
    this.#sessionExposed = config.exposureUnit === "session" && this.#random() < config.exposure;
  }

  decide(request: Request): Decision {
    if (this.#never !== null) return this.#never;
    if (request.unit !== this.#unit) this.#begin(request.unit);
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
    if (this.#never !== null) return false;
    return request.unit !== this.#unit || this.#unitSkip === null || request.sessionLevel;
  }

  #begin(unit: TransactionUnit): void {
    this.#unit = unit;
    this.#inBlock = false;
    this.#wanted = false;
    this.#unitSkip = this.#exposed() ? (this.#o.hasCapacity() ? null : "capacity") : "exposure";
  }

  #exposed(): boolean {
    const { exposure, exposureUnit } = this.#o.config;
    if (exposureUnit === "session") return this.#sessionExposed;
    return exposure >= 1 || this.#random() < exposure;
  }

  #filtered(request: Request): Decision {
    const { filter } = this.#o;
    const readsOnly = this.#o.readsOnly();
    if (!filter.active && !readsOnly) return "select";
    const verdict = filter.judge(request, readsOnly);
    if (verdict === "unwanted") return "filter";
    if (verdict === "wanted") this.#wanted = true;
    if (this.#wanted) return "select";
    return this.#neutral(request);
  }

  /** It says nothing about data, and nothing of its unit was wanted so far. */
  #neutral(request: Request): Decision {
    const opens = request.statements.some((statement) => statement.class.opensTransaction);
    const closes = request.statements.some((statement) => statement.class.closesTransaction);
    if (opens && !closes) {
      this.#inBlock = true;
      return "defer";
    }
    if (closes) return "filter";
    if (this.#inBlock) return "defer";
    return request.sessionLevel || request.statements.length === 0 ? "select" : "filter";
  }
}
