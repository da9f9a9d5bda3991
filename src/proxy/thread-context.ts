// What all sessions of one proxy thread share.

import type { Config, DatabaseConfig } from "../config/config.ts";
import type { UserVerifiers } from "./auth/user-verifiers.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { CancelRegistry } from "./cancel.ts";
import type { LoginFailure } from "./gauges.ts";
import type { MirrorDestination } from "./mirror/destination.ts";
import type { Mirror } from "./mirror/mirror.ts";
import type { Recording } from "./recording.ts";
import type { StatementBook } from "./statement-book.ts";
import type { ThreadLog } from "./thread-log.ts";
import type { ClientTls } from "./tls/client-tls.ts";

export interface ThreadContext {
  /** As it is now; it may change between two events of the loop. */
  readonly config: Config;
  /** What clients are shown from now on; null without a certificate. */
  readonly clientTls: ClientTls | null;
  readonly recording: Recording;
  readonly book: StatementBook;
  readonly budget: ByteBudget;
  readonly cancels: CancelRegistry;
  readonly log: ThreadLog;
  readonly verifiers: UserVerifiers;
  /** Every session on a mirror that has not finished, also of clients that have left. */
  readonly mirrorSessions: Set<Mirror>;
  /** The entry that serves a database: an exact name wins over `*`. */
  databaseFor(name: string): DatabaseConfig | null;
  /** The mirrorings whose source is this entry. */
  mirroringsOf(source: string): readonly MirrorDestination[];
  /** Counts clients that the primary has let in. */
  loggedIn(delta: 1 | -1): void;
  /** Count limits that were hit. */
  refusedLogin(): void;
  refusedMessage(): void;
  /** Counts a login that failed under auth = "userlist". */
  loginFailed(why: LoginFailure): void;
  /** Counts sessions that can't be followed any more, and their ends. */
  unwatched(delta: 1 | -1): void;
}
