// What the admin console asks of the service.

import type { ConsoleReload, ConsoleSource, HistoryLine, StatementLine } from "../api/console/console-source.ts";
import type { EventAppender } from "../api/event-appender.ts";
import type { LiveMirroring } from "../api/live-status.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { LogReader } from "../events/log-reader.ts";
import { policyOf } from "../projections/readiness/policy.ts";
import { readStats, type StatsSnapshot } from "../projections/read-stats.ts";
import type { ClientFacts } from "../proxy/thread-messages.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import { readConsoleHistory } from "./console-history.ts";
import { readConsoleReadiness } from "./console-readiness.ts";
import { readConsoleStatements } from "./console-statements.ts";
import type { Controls } from "./controls.ts";
import type { Live } from "./live.ts";
import type { ProxyPool } from "./proxy-pool.ts";

export interface ConsoleFactsOptions {
  readonly version: string;
  readonly clock: Clock;
  readonly inForce: ConfigInForce;
  readonly appender: EventAppender;
  readonly reader: LogReader;
  readonly live: Live;
  readonly pool: ProxyPool;
  readonly controls: Controls;
  readonly shutdown: (who: string) => void;
}

export class ConsoleFacts implements ConsoleSource {
  readonly version: string;
  readonly clock: Clock;
  readonly appender: EventAppender;
  readonly #o: ConsoleFactsOptions;

  constructor(options: ConsoleFactsOptions) {
    this.#o = options;
    this.version = options.version;
    this.clock = options.clock;
    this.appender = options.appender;
  }

  get config(): Config {
    return this.#o.inForce.config;
  }

  readiness(window: string): Promise<readonly string[]> {
    const policy = policyOf(this.config.readiness);
    return readConsoleReadiness(this.#o.reader, { window, policy, nowUs: this.clock.wallUs() });
  }

  async history(window: string, step: string | null): Promise<readonly HistoryLine[]> {
    return Promise.resolve(readConsoleHistory(this.#o.reader, { window, step, nowUs: this.clock.wallUs() }));
  }

  async statements(window: string): Promise<readonly StatementLine[]> {
    return Promise.resolve(readConsoleStatements(this.#o.reader, window, this.clock.wallUs()));
  }

  stats(): Promise<StatsSnapshot> {
    return readStats(this.#o.reader);
  }

  mirrorings(): readonly LiveMirroring[] {
    return this.#o.live.mirrorings();
  }

  clients(): Promise<readonly ClientFacts[]> {
    return this.#o.pool.clients();
  }

  setPaused(mirrorings: readonly string[], paused: boolean, who: string): Promise<readonly string[]> {
    return this.#o.controls.setPaused(mirrorings, paused, who);
  }

  set(name: string, value: string, who: string): Promise<void> {
    return this.#o.controls.set(name, value, who);
  }

  reload(who: string): Promise<ConsoleReload> {
    return this.#o.controls.reload(who);
  }

  shutdown(who: string): void {
    this.#o.shutdown(who);
  }
}
