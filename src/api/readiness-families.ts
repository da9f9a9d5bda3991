// Readiness as metrics: score and verdict of each mirroring over the windows of `[readiness] windows`. A verdict takes longer
// than the rest of a scrape, and changes slowly: it is worked out anew only as often as it may cost, and a scrape doesn't
// wait for it for long.

import { setTimeout as sleep } from "node:timers/promises";
import { PgsoakError } from "../errors.ts";
import { policyOf } from "../projections/readiness/policy.ts";
import { VERDICTS } from "../projections/readiness/verdict.ts";
import type { ApiContext } from "./api-context.ts";
import { isUnreadable } from "./is-unreadable.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

/**
 * Between two readings: at least this long, and so long that they take at most two in a hundred of the time; but no longer
 * than STALE_MS.
 */
const KEPT_MS_MIN = 1000;
const KEPT_SPENT = 50;
/** What a scrape waits for a new reading; then it takes the last one, unless that is older than STALE_MS. */
const WAIT_MS = 1000;
const STALE_MS = 60_000;
/** What it waits while there is none to take. */
const FIRST_WAIT_MS = 4000;

type Source = Pick<ApiContext, "config" | "questions" | "clock"> & {
  readonly live: Pick<ApiContext["live"], "mirrorings">;
};

/** What the families are made by: other settings make other ones. */
const settingsOf = ({ config }: Source): string => JSON.stringify([config.readiness, config.api.metricsPrefix]);

async function collect({ config, questions, live, clock }: Source): Promise<MetricFamily[]> {
  const policy = policyOf(config.readiness);
  const mirrorings = live.mirrorings().map(({ mirroring }) => mirroring);
  const { windows } = config.readiness;
  const answers = await questions.ask({ kind: "verdicts", windows, mirrorings, policy, nowUs: clock.wallUs() });
  const { metricsPrefix: prefix } = config.api;
  const family = (name: string, help: string, samples: MetricSample[]): MetricFamily => {
    return { name: `${prefix}_${name}`, type: "gauge", help, samples };
  };
  return [
    family(
      "readiness_score",
      "Confidence score of the window, 0 to 100.",
      answers.map(({ mirroring, window, score }) => ({ labels: { cluster: mirroring, window }, value: score })),
    ),
    family(
      "readiness_verdict",
      "1 for the verdict on the window, 0 for the others.",
      answers.flatMap(({ mirroring, window, verdict }) =>
        VERDICTS.map((each) => {
          return { labels: { cluster: mirroring, window, verdict: each }, value: Number(each === verdict) };
        }),
      ),
    ),
  ];
}

class KeptFamilies {
  readonly #context: Source;
  #families: MetricFamily[] = [];
  /** Monotonic milliseconds. */
  #readAtMs = Number.NEGATIVE_INFINITY;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  /** Those that the families are of; none before the first question. */
  #settings = "";

  constructor(context: Source) {
    this.#context = context;
  }

  /** Scrapes at the same time share one reading. */
  async get(): Promise<MetricFamily[]> {
    const { clock } = this.#context;
    this.#followSettings();
    if (clock.nowMs() < this.#freshUntilMs) return this.#families;
    this.#reading ??= this.#begin();
    const patience = new AbortController();
    const isStale = (): boolean => clock.nowMs() - this.#readAtMs > STALE_MS;
    const waitMs = isStale() ? FIRST_WAIT_MS : WAIT_MS;
    const enough = sleep(waitMs, undefined, { signal: patience.signal }).catch(() => undefined);
    try {
      await Promise.race([this.#reading, enough]);
    } finally {
      patience.abort();
    }
    return isStale() ? [] : this.#families;
  }

  /** Under other settings nothing that was worked out holds any more, nor what is being worked out. */
  #followSettings(): void {
    const settings = settingsOf(this.#context);
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#families = [];
    this.#readAtMs = this.#freshUntilMs = Number.NEGATIVE_INFINITY;
    this.#reading = null;
  }

  #begin(): Promise<void> {
    const reading = this.#read().finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    return reading;
  }

  async #read(): Promise<void> {
    const { clock } = this.#context;
    const startedMs = clock.nowMs();
    const settings = this.#settings;
    try {
      const families = await collect(this.#context);
      if (settings !== this.#settings) return;
      this.#families = families;
    } catch (error) {
      if (settings !== this.#settings) return;
      // The last ones are as old as they are; a later scrape asks again.
      if (isUnreadable(error)) return;
      // Part of a number would look like all of it.
      if (!(error instanceof PgsoakError && error.code === "rebuilding")) throw error;
      this.#families = [];
    }
    this.#readAtMs = clock.nowMs();
    const keptMs = Math.max(KEPT_MS_MIN, KEPT_SPENT * (this.#readAtMs - startedMs));
    this.#freshUntilMs = this.#readAtMs + Math.min(STALE_MS, keptMs);
  }
}

/** The families, as they were a short while ago; none while they can't be known. */
export function createReadinessFamilies(context: Source): () => Promise<MetricFamily[]> {
  const kept = new KeptFamilies(context);
  return () => kept.get();
}
