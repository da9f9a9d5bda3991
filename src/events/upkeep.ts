// What the recorder does when no batch waits: it rebuilds projections, then removes old events, then gives free pages
// back. Always in small steps: between two of them it looks for new events, and what is not done yet can wait.

import type { Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import type { EventLog } from "./event-log.ts";
import type { Rebuilding } from "./fold-rebuild.ts";
import { Pace } from "./pace.ts";
import type { RecorderReport } from "./recorder-messages.ts";
import type { Retention } from "./retention.ts";

/** When there was nothing to do, it looks again after this long. */
const LOOK_MS = 1000;
const PROGRESS_MS = 1000;
/** After a step that failed: the disk may be full, or an event damaged. */
const RETRY_MS = 10_000;
/**
 * A rebuild that has failed so often in a row, ten minutes, no longer keeps old events from being removed, or the log would
 * grow without bound. What it then finds gone it takes from the checkpoint.
 */
const REBUILD_FAILURES_MAX = 60;

export interface UpkeepOptions {
  readonly log: EventLog;
  readonly retention: Pick<Retention, "due" | "remove" | "giveBack">;
  readonly clock: Clock;
  readonly report: (report: RecorderReport) => void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #paces = { rebuild: new Pace(), remove: new Pace(), "give back": new Pace() };
  #rebuilding: Rebuilding | null = null;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #idleUntilMs = Number.NEGATIVE_INFINITY;
  #failure = "";
  #rebuildFailures = 0;
  #rebuildAgainMs = Number.NEGATIVE_INFINITY;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** One step, if something is to be done. Returns whether another one may be due at once. Never throws. */
  step(): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs < this.#idleUntilMs) return false;
    try {
      if (this.#work(nowMs)) return true;
      this.#idleUntilMs = nowMs + LOOK_MS;
    } catch (error) {
      this.#failed(messageOf(error));
      this.#idleUntilMs = nowMs + RETRY_MS;
    }
    return false;
  }

  #work(nowMs: number): boolean {
    if (nowMs >= this.#rebuildAgainMs && this.#tryRebuild(nowMs)) return true;
    // A projection that is rebuilt needs the events that retention would remove.
    if (this.#rebuildFailures > 0 && this.#rebuildFailures < REBUILD_FAILURES_MAX) return false;
    const isBusy = this.#retain();
    if (isBusy && this.#rebuildFailures === 0) this.#failure = "";
    return isBusy;
  }

  /** Whether there was something to rebuild, and it went well. */
  #tryRebuild(nowMs: number): boolean {
    try {
      const isBusy = this.#rebuild(nowMs);
      this.#rebuildFailures = 0;
      if (isBusy) this.#failure = "";
      return isBusy;
    } catch (error) {
      this.#failed(messageOf(error));
      this.#rebuildFailures++;
      this.#rebuildAgainMs = nowMs + RETRY_MS;
      return false;
    }
  }

  #rebuild(nowMs: number): boolean {
    const { log } = this.#options;
    if (log.rebuild.progress === null) return false;
    if (this.#rebuilding === null) this.#tell(nowMs, log.rebuild.progress);
    this.#paces.rebuild.step((readMs) => log.rebuildSome(readMs));
    const { progress } = log.rebuild;
    if (progress === null || nowMs - this.#reportedMs > PROGRESS_MS) this.#tell(nowMs, progress);
    return true;
  }

  #retain(): boolean {
    const { retention } = this.#options;
    const due = retention.due();
    if (due === "remove") this.#paces.remove.step((readMs) => retention.remove(readMs));
    else if (due === "give back") this.#paces["give back"].step((readMs) => retention.giveBack(readMs));
    return due !== null;
  }

  #tell(nowMs: number, rebuilding: Rebuilding | null): void {
    const { report } = this.#options;
    if (rebuilding !== null && this.#rebuilding === null) {
      report({ type: "log", level: "info", message: "projections are being rebuilt", fields: { ...rebuilding } });
    } else if (rebuilding === null) {
      report({ type: "log", level: "info", message: "projections are whole again" });
    }
    this.#rebuilding = rebuilding;
    this.#reportedMs = nowMs;
    report({ type: "rebuilding", rebuilding });
  }

  #failed(cause: string): void {
    if (cause === this.#failure) return;
    this.#failure = cause;
    const message = "the log can't be kept up: it goes on recording, and is tried again";
    this.#options.report({ type: "log", level: "warn", message, fields: { cause } });
  }
}
