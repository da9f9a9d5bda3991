// pgsoak at the primary's door, in the name of a client that it has let in: who it says it is there, what it shows, and what
// is counted and logged when that is not enough.

import type { DatabaseConfig } from "../../config/config.ts";
import { cannotEnterPrimary } from "../last-words.ts";
import type { SessionFacts } from "../mirror/filter.ts";
import type { ErrorFields } from "../protocol/encode.ts";
import { sqlstateClass } from "../protocol/sqlstate.ts";
import { textToWire } from "../protocol/startup.ts";
import type { ThreadContext } from "../thread-context.ts";
import { credentialFor, type Entrant } from "./credential.ts";
import { PrimaryLogin } from "./primary-login.ts";
import { ServerLogin } from "./server-login.ts";

export interface EntryOptions {
  readonly context: ThreadContext;
  readonly server: DatabaseConfig;
  readonly facts: SessionFacts;
  readonly entrant: Entrant;
  /** For the primary. */
  readonly answer: (bytes: Buffer) => void;
  /** The client's last word: the primary can't be entered. */
  readonly end: (error: ErrorFields) => void;
  /** The session has ended for another reason: nothing more is said. */
  readonly isOver: () => boolean;
}

/** As the database entry's user, else as the client's. */
export function enterPrimary({ context, server, facts, entrant, answer, end, isOver }: EntryOptions): PrimaryLogin {
  const user = server.user ?? entrant.user;
  const { users } = context.config;
  const credential = credentialFor({ server, user, database: facts.database, users, entrant });
  const login = new ServerLogin({ server: "primary", user: textToWire(user), credential, database: server.name });
  return new PrimaryLogin(login, {
    answer: (bytes) => {
      if (!isOver()) answer(bytes);
    },
    failed: (reason) => {
      if (isOver()) return;
      context.loginFailed("primary");
      context.log("warn", "the primary cannot be entered", { database: server.name, cause: reason });
      end(cannotEnterPrimary(reason));
    },
    refused: ({ sqlstate }) => {
      if (sqlstateClass(sqlstate) !== "28") return;
      context.loginFailed("primary");
      context.log("warn", "the primary refuses pgsoak's login", { database: server.name, user, sqlstate });
    },
  });
}
