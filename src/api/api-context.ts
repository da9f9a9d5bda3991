// What every route of the API is given.

import type { HttpBindings } from "@hono/node-server";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import type { EventAppender } from "./event-appender.ts";
import type { LiveStatus } from "./live-status.ts";
import type { LogQuestions } from "./log-questions.ts";

export interface ApiContext {
  /** As it is in force now: a reload changes it. */
  readonly config: Config;
  /** The event log, which another thread reads: nobody here waits for a disk. */
  readonly questions: LogQuestions;
  readonly appender: EventAppender;
  readonly live: LiveStatus;
  readonly log: Log;
  readonly clock: Clock;
  /** Of pgsoak. */
  readonly version: string;
  /** Where clients of the database connect. */
  readonly proxy: { readonly host: string; readonly port: number };
  /** Aborted when the service stops: answers without an end must end. */
  readonly closing: AbortSignal;
}

/** How who asks is known; `open`: there is no token, or it is a read under open_reads. */
export type Access = "bearer" | "session" | "open" | "none";

/** `app.request()` in tests comes without a node request, hence the optional bindings. */
export interface ApiEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** Set by the token guard. */
    access: Access;
    /** Set by the same: whether what was sent with the request would let it in now. For answers without an end. */
    isStillAllowed: () => boolean;
  };
}

export type Api = OpenAPIHono<ApiEnv>;
