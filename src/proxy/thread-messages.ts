// What a proxy thread and the main thread say to each other. Structured-clone data only.

import type { MessagePort } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import type { LogLevel } from "./thread-log.ts";

export interface ProxyThreadData {
  readonly thread: number;
  /** Requests and sessions are numbered from here on: a thread that was restarted must not use numbers twice. */
  readonly firstId: number;
  readonly config: Config;
  /** Names of the mirrorings that are paused. */
  readonly paused: readonly string[];
  /** The port to listen on with `reusePort`; 0 lets the system choose, for a single thread only. */
  readonly port: number;
  readonly reusePort: boolean;
  readonly ring: SharedArrayBuffer;
  readonly signal: SharedArrayBuffer;
  readonly gauges: SharedArrayBuffer;
  readonly health: SharedArrayBuffer;
  /** The process's own, for what strangers are shown: the same on every thread. */
  readonly strangerSecret: Uint8Array;
  /** To the recorder. */
  readonly names: MessagePort;
}

/** One client as its session knows it. */
export interface ClientFacts {
  readonly database: string;
  readonly user: string;
  readonly application: string;
  /** Address and port, or "" when it has none. */
  readonly address: string;
  readonly state: "login" | "unwatched" | "idle" | "active" | "transaction";
  /** Microseconds since the Unix epoch. */
  readonly connectedAt: number;
  /** Requests that the primary has not answered. */
  readonly requests: number;
  /** Versions of TLS, "" in plaintext. */
  readonly clientTls: string;
  readonly primaryTls: string;
}

export type ProxyCommand =
  /** A CancelRequest that landed on another thread. */
  | { type: "cancel"; id: number; key: Uint8Array }
  /** What became of a CancelRequest that landed here. */
  | { type: "cancelled"; id: number }
  /** The recorder was started again: say every name on this port; answered by `announced`. */
  | { type: "names"; id: number; port: MessagePort }
  /** Goes on under this configuration; answered by `applied`. Databases and mirrorings are the same ones, in their order. */
  | { type: "settings"; id: number; config: Config; paused: readonly string[] }
  /** Who is connected; answered by `clients`. */
  | { type: "clients"; id: number }
  /** No new clients; end when everything in flight is done, at the latest after `timeoutMs`. */
  | { type: "stop"; timeoutMs: number };

export type ProxyReport =
  | { type: "listening"; port: number }
  | { type: "failed"; code: string; message: string }
  | { type: "log"; level: LogLevel; message: string; fields: Record<string, unknown> }
  | { type: "cancel"; id: number; key: Uint8Array }
  | { type: "cancelled"; id: number; found: boolean }
  | { type: "applied"; id: number }
  /** What the thread says from now on reaches the new recorder. `replicas` names mirrorings that are fed by replication. */
  | { type: "announced"; id: number; replicas: readonly string[] }
  | { type: "clients"; id: number; clients: readonly ClientFacts[] }
  | { type: "stopped" };
