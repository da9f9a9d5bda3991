// Readiness as metrics: score and verdict of each mirroring over the windows of `[readiness] windows`. A verdict takes longer
// than the rest of a scrape, and changes slowly: it is worked out anew only as often as it may cost.

import { PgsoakError } from "../errors.ts";
import { readWindowBounds } from "../projections/log-extent.ts";
import { factsOfMirroring } from "../projections/readiness/facts-of-mirroring.ts";
import { policyOf } from "../projections/readiness/policy.ts";
import { readFacts } from "../projections/readiness/read-facts.ts";
import { readiness } from "../projections/readiness/readiness.ts";
import { VERDICTS } from "../projections/readiness/verdict.ts";
import { parseWindow } from "../projections/window.ts";
import type { ApiContext } from "./api-context.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

/** Between two readings: at least this long, and so long that they take at most two in a hundred of the time. */
const KEPT_MS_MIN = 1000;
const KEPT_SPENT = 50;

async function collect({ config, reader, live, clock }: ApiContext): Promise<MetricFamily[]> {
  const policy = policyOf(config.readiness);
  const scores: MetricSample[] = [];
  const verdicts: MetricSample[] = [];
  for (const window of config.readiness.windows) {
    const bounds = readWindowBounds(reader, clock.wallUs());
    const facts = await readFacts(reader, parseWindow({ window }, bounds));
    for (const { mirroring } of live.mirrorings()) {
      const answer = readiness(factsOfMirroring(facts, mirroring), policy);
      const labels = { cluster: mirroring, window };
      scores.push({ labels, value: answer.confidence_score });
      for (const verdict of VERDICTS) {
        verdicts.push({ labels: { ...labels, verdict }, value: Number(answer.verdict === verdict) });
      }
    }
  }
  const { metricsPrefix: prefix } = config.api;
  const family = (name: string, help: string, samples: MetricSample[]): MetricFamily => {
    return { name: `${prefix}_${name}`, type: "gauge", help, samples };
  };
  return [
    family("readiness_score", "Confidence score of the window, 0 to 100.", scores),
    family("readiness_verdict", "1 for the verdict on the window, 0 for the others.", verdicts),
  ];
}

/** None while a projection is being rebuilt. */
async function collectWhole(context: ApiContext): Promise<MetricFamily[]> {
  try {
    return await collect(context);
  } catch (error) {
    if (error instanceof PgsoakError && error.code === "rebuilding") return [];
    throw error;
  }
}

interface Kept {
  readonly families: Promise<MetricFamily[]>;
  /** Monotonic milliseconds; infinite until they are there. */
  untilMs: number;
}

/** The families, as they were a short while ago; scrapes at the same time share one reading. */
export function createReadinessFamilies(context: ApiContext): () => Promise<MetricFamily[]> {
  let kept: Kept | null = null;
  const read = (): Kept => {
    const reading: Kept = { families: collectWhole(context), untilMs: Number.POSITIVE_INFINITY };
    void settle(reading, context.clock.nowMs());
    return reading;
  };
  const settle = async (reading: Kept, startedMs: number): Promise<void> => {
    try {
      await reading.families;
      const nowMs = context.clock.nowMs();
      reading.untilMs = nowMs + Math.max(KEPT_MS_MIN, KEPT_SPENT * (nowMs - startedMs));
    } catch {
      // The scrape says so; the next one asks again.
      kept = null;
    }
  };
  return () => {
    if (kept === null || context.clock.nowMs() >= kept.untilMs) kept = read();
    return kept.families;
  };
}
