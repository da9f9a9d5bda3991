// Decides whether a request is selected for a mirror: sampling by transaction or session, filters by who asks and what
// is asked. A transaction keeps the decision that its first request got.

import type { MirroringConfig, NameFilter } from "../../config/config.ts";
import type { SkipReason } from "../../events/event.ts";
import type { Request } from "../request.ts";
import type { TransactionUnit } from "../transaction.ts";

/** What of a session the filters look at. */
export interface SessionFacts {
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly replication: boolean;
}

export class Selection {
  readonly #config: MirroringConfig;
  readonly #random: () => number;
  /** Why nothing of this session is ever mirrored, or null. */
  readonly #never: SkipReason | null;
  readonly #sessionExposed: boolean;
  #unit: TransactionUnit | null = null;
  #unitSkip: SkipReason | null = null;

  constructor(config: MirroringConfig, facts: SessionFacts, random: () => number = Math.random) {
    this.#config = config;
    this.#random = random;
    this.#never = facts.replication ? "replication" : nameFiltered(config, facts) ? "filter" : null;
    this.#sessionExposed = config.exposureUnit === "session" && random() < config.exposure;
  }

  /** Why the request is not selected, or null when it is. `capacity` says whether there is a connection for it. */
  skip(request: Request, capacity: () => boolean): SkipReason | null {
    if (this.#never !== null) return this.#never;
    if (request.unit !== this.#unit) {
      this.#unit = request.unit;
      this.#unitSkip = this.#exposed() ? (capacity() ? null : "capacity") : "exposure";
    }
    return this.#unitSkip;
  }

  /** Whether a request of this unit could be selected, so that its bytes must be kept. */
  mayTake(unit: TransactionUnit): boolean {
    if (this.#never !== null) return false;
    return unit !== this.#unit || this.#unitSkip === null;
  }

  #exposed(): boolean {
    if (this.#config.exposureUnit === "session") return this.#sessionExposed;
    return this.#config.exposure >= 1 || this.#random() < this.#config.exposure;
  }
}

function nameFiltered(config: MirroringConfig, facts: SessionFacts): boolean {
  return (
    refuses(config.users, facts.user) ||
    refuses(config.databases, facts.database) ||
    refuses(config.applications, facts.application)
  );
}

function refuses(filter: NameFilter, name: string): boolean {
  return filter.exclude.includes(name) || (filter.include.length > 0 && !filter.include.includes(name));
}
