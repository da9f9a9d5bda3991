// What travels to the recorder by message port: names, always ahead of the ring records that use them, and the rare
// events that need no speed. Structured-clone data only.

import type { MessagePort } from "node:worker_threads";
import type { ErrorCode } from "../errors.ts";
import type { Attribution, ErrorCategory, Facts, NewEvent, ObservationState, RunMirroring } from "./event.ts";
import type { EventPlace } from "./event-place.ts";
import type { Rebuilding } from "./fold-rebuild.ts";

/** From a proxy thread, on that thread's own port. Ids are the thread's; each is announced once, from 1 upwards. */
export type NameMessage =
  | { type: "lane"; id: number; mirroring: string; database: string }
  /** `text` is as the client sent it (at most STATEMENT_TEXT_MAX characters); the recorder normalises it before it is kept. */
  | { type: "statement"; id: number; text: string }
  | {
      type: "failure";
      id: number;
      category: ErrorCategory;
      attribution: Attribution;
      sqlstate: string;
      message: string; // already redacted
    }
  | { type: "observation"; at: number; mirroring: string; state: ObservationState; cause: string }
  /** What a mirror said about its server, or (`database` not null) about one database. An event only where it is news. */
  | { type: "mirror_facts"; at: number; mirroring: string; database: string | null; facts: Facts }
  /** On a port to a recorder that was started again: everything announced before was said again. */
  | { type: "announced" };

/** Longer statements are cut here before they travel; what is cut is named by its beginning. */
export const STATEMENT_TEXT_MAX = 16_384;

/** From the main thread. */
export type RecorderCommand =
  /** A proxy thread was started: its ring and its end of the name port. */
  | { type: "attach"; thread: number; ring: SharedArrayBuffer; port: MessagePort }
  /** The same for a thread that a recorder before this one has served: it says its names again on the new port. */
  | { type: "resume"; thread: number; ring: SharedArrayBuffer; port: MessagePort }
  /** A proxy thread has died: drain its ring, close its open requests as interrupted, forget its ids. */
  | { type: "detach"; thread: number }
  | { type: "append"; event: NewEvent }
  /** Settings have changed: what that makes worthless of a mirroring is an epoch, and other limits hold for the log. */
  | { type: "reconfigure"; mirrorings: readonly RunMirroring[]; retentionMs: number; maxSizeBytes: number }
  /** As append, but answered by `appended`: when the log can't be written at once, the event is given up. */
  | { type: "ask"; id: number; event: NewEvent }
  /** Drain everything, append run_stopped, close the log, answer `stopped`. */
  | { type: "stop" };

export type RecorderReport =
  | { type: "ready"; run: number }
  | { type: "recording"; state: "ok" | "broken"; cause: string }
  | { type: "log"; level: "info" | "warn" | "error"; message: string; fields?: Record<string, unknown> }
  /** Where the event stands in the log; null when it is not in the log and won't be. */
  | { type: "appended"; id: number; place: EventPlace | null }
  /** How far the rebuild of projections has come; null when all are whole again. */
  | { type: "rebuilding"; rebuilding: Rebuilding | null }
  | { type: "stopped" }
  | { type: "failed"; code: ErrorCode; message: string };
