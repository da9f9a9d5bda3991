// What the console shows and whom it asks to change something. The console owns this interface, the service fulfils it.

import type { Clock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";
import type { StatsSnapshot } from "../../projections/read-stats.ts";
import type { EventAppender } from "../event-appender.ts";
import type { LiveMirroring } from "../live-status.ts";

/** One client of the proxy. */
interface ConsoleClient {
  readonly database: string;
  readonly user: string;
  readonly application: string;
  /** Address and port. */
  readonly address: string;
  readonly state: string;
  /** Microseconds since the Unix epoch. */
  readonly connectedAt: number;
  /** That the primary has not answered. */
  readonly requests: number;
  /** Versions of TLS of its connection and of the primary's, "" in plaintext. */
  readonly clientTls: string;
  readonly primaryTls: string;
}

/** One point of one mirroring × database; latencies in milliseconds, null without a sample. */
export interface HistoryLine {
  /** Microseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  readonly mirroring: string;
  readonly database: string;
  readonly seen: number;
  readonly mirrored: number;
  readonly errored: number;
  readonly dropped: number;
  readonly skipped: number;
  /** Mirrored ÷ finished; null where nothing finished. */
  readonly successRate: number | null;
  readonly mirrorP50Ms: number | null;
  readonly mirrorP95Ms: number | null;
  readonly mirrorP99Ms: number | null;
  readonly primaryP50Ms: number | null;
  readonly primaryP95Ms: number | null;
  readonly primaryP99Ms: number | null;
}

export interface StatementLine {
  readonly mirroring: string;
  readonly database: string;
  readonly statement: string;
  readonly calls: number;
  readonly errors: number;
  readonly divergences: number;
  readonly mirrorP95Ms: number | null;
  readonly primaryP95Ms: number | null;
  /** Mirror ÷ primary of the two before. */
  readonly ratio: number | null;
}

/** What a reload did, a setting in each element. */
export interface ConsoleReload {
  readonly changed: readonly string[];
  readonly needRestart: readonly string[];
}

export interface ConsoleSource {
  readonly version: string;
  /** As it is in force now. */
  readonly config: Config;
  readonly clock: Clock;
  readonly appender: EventAppender;
  stats(): Promise<StatsSnapshot>;
  mirrorings(): readonly LiveMirroring[];
  clients(): Promise<readonly ConsoleClient[]>;
  /** Windows are checked: `24h`, `all`. Each element is a line of the report. */
  readiness(window: string): Promise<readonly string[]>;
  /** `step` null: chosen to give a screenful. */
  history(window: string, step: string | null): Promise<readonly HistoryLine[]>;
  /** The worst first, some fifty of them. */
  statements(window: string): Promise<readonly StatementLine[]>;
  /** Returns those for which it was a change. */
  setPaused(mirrorings: readonly string[], paused: boolean, who: string): Promise<readonly string[]>;
  /** Throws a PgsoakError `usage` with what is wrong. */
  set(name: string, value: string, who: string): Promise<void>;
  /** Throws a PgsoakError `config_invalid` with every mistake, and then nothing has changed. */
  reload(who: string): Promise<ConsoleReload>;
  /** Stops the service in order; returns at once. */
  shutdown(who: string): void;
}
