// What a person may change while pgsoak runs: pause and resume mirrorings, set a setting, read the configuration again.
// One change at a time, and each has reached every proxy thread when it is answered.

import type { Config } from "../config/config.ts";
import { changeSetting, LIVE_SETTINGS } from "../config/live-settings.ts";
import { reloadConfig } from "../config/reload-config.ts";
import { warningsOf } from "../config/warnings.ts";
import { createClock } from "../clock.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import type { ObservationState } from "../events/event.ts";
import type { Log } from "../log.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import type { ProxyPool } from "./proxy-pool.ts";
import type { RecorderHandle } from "./recorder-handle.ts";
import type { ResetTimer } from "./reset-timer.ts";

/** What a reload did, in the words of reload-config.ts. */
export interface ReloadOutcome {
  readonly changed: readonly string[];
  readonly needRestart: readonly string[];
}

export interface ControlsOptions {
  readonly inForce: ConfigInForce;
  readonly pool: ProxyPool;
  readonly recorder: RecorderHandle;
  readonly resets: ResetTimer;
  readonly log: Log;
  /** Reads the configuration again; throws config_invalid. Null: it did not come from a file. */
  readonly reread: (() => Config) | null;
}

export class Controls {
  readonly #o: ControlsOptions;
  readonly #clock = createClock();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ControlsOptions) {
    this.#o = options;
  }

  /** Pauses the mirrorings, or (`paused` false) lets them go on. Returns those for which that was a change. */
  setPaused(mirrorings: readonly string[], paused: boolean, who: string): Promise<readonly string[]> {
    return this.#next(async () => {
      const { inForce, log } = this.#o;
      const changed = mirrorings.filter((name) => inForce.paused.has(name) !== paused);
      if (changed.length === 0) return changed;
      const after = new Set(inForce.paused);
      for (const name of changed) {
        if (paused) after.add(name);
        else after.delete(name);
      }
      inForce.paused = after;
      await this.#apply();
      for (const mirroring of changed) {
        this.#observe(mirroring, paused ? "paused" : "resumed", `by ${who}`);
        if (paused) log.info("mirroring is paused", { mirroring, who });
        else log.info("mirroring goes on", { mirroring, who });
      }
      return changed;
    });
  }

  /** Sets a live setting for every mirroring. Throws usage when there is none of that name, or the value is none for it. */
  set(name: string, value: string, who: string): Promise<void> {
    return this.#next(async () => {
      const { inForce, log } = this.#o;
      const change = changeSetting(inForce.config, name, value);
      if (change.type === "unknown") {
        throw new PgsoakError("usage", `"${name}" is none of ${LIVE_SETTINGS.join(", ")}`);
      }
      if (change.type === "invalid") throw new PgsoakError("usage", `${name}: expected ${change.expected}`);
      const { changed } = reloadConfig(inForce.config, change.config);
      inForce.config = change.config;
      if (changed.length === 0) return;
      await this.#apply();
      log.info("settings changed", { who, changed });
      this.#mark(changed.filter((text) => text.startsWith("general.")).join(", "), who);
    });
  }

  /** Reads the configuration again. Throws config_invalid, and then nothing has changed; the process's log says either. */
  reload(who: string): Promise<ReloadOutcome> {
    return this.#next(async () => {
      const { inForce, log, recorder, resets } = this.#o;
      const read = this.#read();
      const { config, changed, needRestart } = reloadConfig(inForce.config, read);
      inForce.config = config;
      if (changed.length > 0) {
        await this.#apply();
        recorder.reconfigure(config);
        resets.set(config.general.mirrorMetricsResetIntervalS);
        this.#mark("configuration reloaded", who);
      }
      log.info("configuration reloaded", { who, changed });
      if (needRestart.length > 0) log.warn("some settings change only when pgsoak is restarted", { needRestart });
      for (const warning of warningsOf(config)) log.warn(warning);
      return { changed, needRestart };
    });
  }

  #read(): Config {
    const { reread, log } = this.#o;
    try {
      if (reread === null) throw new PgsoakError("config_invalid", "the configuration did not come from a file");
      return reread();
    } catch (error) {
      log.error("the configuration can't be reloaded, nothing has changed", { cause: messageOf(error) });
      throw error;
    }
  }

  #apply(): Promise<void> {
    const { inForce, pool } = this.#o;
    return pool.apply(inForce.config, [...inForce.paused]);
  }

  #observe(mirroring: string, state: ObservationState, cause: string): void {
    const at = this.#clock.wallUs();
    this.#o.recorder.send({ type: "append", event: { kind: "observation_changed", at, mirroring, state, cause } });
  }

  #mark(text: string, who: string): void {
    this.#o.recorder.send({ type: "append", event: { kind: "marked", at: this.#clock.wallUs(), text, who } });
  }

  /** Runs `change` when those before it are done. */
  #next<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
