// What a proxy thread and the main thread say to each other. Structured-clone data only.

import type { MessagePort } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import type { LogLevel } from "./thread-log.ts";

export interface ProxyThreadData {
  readonly thread: number;
  /** Requests and sessions are numbered from here on: a thread that was restarted must not use numbers twice. */
  readonly firstId: number;
  readonly config: Config;
  /** The port to listen on with `reusePort`; 0 lets the system choose, for a single thread only. */
  readonly port: number;
  readonly reusePort: boolean;
  readonly ring: SharedArrayBuffer;
  readonly signal: SharedArrayBuffer;
  readonly gauges: SharedArrayBuffer;
  readonly health: SharedArrayBuffer;
  /** To the recorder. */
  readonly names: MessagePort;
}

export type ProxyCommand =
  /** A CancelRequest that landed on another thread. */
  | { type: "cancel"; id: number; key: Uint8Array }
  /** What became of a CancelRequest that landed here. */
  | { type: "cancelled"; id: number }
  /** The recorder was started again: say every name on this port. */
  | { type: "names"; port: MessagePort }
  /** No new clients; end when everything in flight is done, at the latest after `timeoutMs`. */
  | { type: "stop"; timeoutMs: number };

export type ProxyReport =
  | { type: "listening"; port: number }
  | { type: "failed"; code: string; message: string }
  | { type: "log"; level: LogLevel; message: string; fields: Record<string, unknown> }
  | { type: "cancel"; id: number; key: Uint8Array }
  | { type: "cancelled"; id: number; found: boolean }
  | { type: "stopped" };
