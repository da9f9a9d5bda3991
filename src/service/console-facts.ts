// What the admin console asks of the service.

import type { ConsoleReload, ConsoleSource, HistoryLine, StatementLine } from "../api/console/console-source.ts";
import type { EventAppender } from "../api/event-appender.ts";
import type { LogQuestions } from "../api/log-questions.ts";
import type { LiveMirroring } from "../api/live-status.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { historyStep } from "../projections/history-step.ts";
import { policyOf } from "../projections/readiness/policy.ts";
import { readinessText } from "../projections/readiness/readiness-text.ts";
import { readinessWindow } from "../projections/readiness/readiness-window.ts";
import type { StatsSnapshot } from "../projections/read-stats.ts";
import { parseWindow, type WindowBounds } from "../projections/window.ts";
import type { ClientFacts } from "../proxy/thread-messages.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import type { Controls } from "./controls.ts";
import type { Live } from "./live.ts";
import type { ProxyPool } from "./proxy-pool.ts";

/** What people read in a terminal. */
const HISTORY_POINTS = 50;

export interface ConsoleFactsOptions {
  readonly version: string;
  readonly clock: Clock;
  readonly inForce: ConfigInForce;
  readonly appender: EventAppender;
  readonly questions: LogQuestions;
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

  async readiness(asked: string): Promise<readonly string[]> {
    const policy = policyOf(this.config.readiness);
    const window = readinessWindow({ window: asked }, await this.#bounds());
    const answer = await this.#o.questions.ask({ kind: "readiness", window, policy });
    return readinessText(answer).trimEnd().split("\n");
  }

  async history(asked: string, step: string | null): Promise<readonly HistoryLine[]> {
    const window = parseWindow({ window: asked }, await this.#bounds());
    const stepUs = historyStep(window, step ?? undefined, HISTORY_POINTS);
    return await this.#o.questions.ask({ kind: "console_history", window, stepUs });
  }

  async statements(asked: string): Promise<readonly StatementLine[]> {
    const window = parseWindow({ window: asked }, await this.#bounds());
    return await this.#o.questions.ask({ kind: "console_statements", window });
  }

  stats(): Promise<StatsSnapshot> {
    return this.#o.questions.ask({ kind: "stats" });
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

  #bounds(): Promise<WindowBounds> {
    return this.#o.questions.ask({ kind: "bounds", nowUs: this.clock.wallUs() });
  }
}
