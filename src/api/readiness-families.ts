// Readiness as metrics: score and verdict of each mirroring over the windows of `[readiness] windows`. A verdict takes longer
// than the rest of a scrape, and changes slowly: it is worked out anew only every few seconds.

import { PgsoakError } from "../errors.ts";
import { factsOfMirroring } from "../projections/readiness/facts-of-mirroring.ts";
import { policyOf } from "../projections/readiness/policy.ts";
import { readFacts } from "../projections/readiness/read-facts.ts";
import { readiness } from "../projections/readiness/readiness.ts";
import { readinessBounds } from "../projections/readiness/readiness-bounds.ts";
import { VERDICTS } from "../projections/readiness/verdict.ts";
import { parseWindow } from "../projections/window.ts";
import type { ApiContext } from "./api-context.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

const KEPT_MS = 10_000;

async function collect({ config, reader, live, clock }: ApiContext): Promise<MetricFamily[]> {
  const policy = policyOf(config.readiness);
  const scores: MetricSample[] = [];
  const verdicts: MetricSample[] = [];
  for (const window of config.readiness.windows) {
    const bounds = await readinessBounds(reader, clock.wallUs());
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

/** The families, as they were at most KEPT_MS ago; scrapes at the same time share one reading. */
export function createReadinessFamilies(context: ApiContext): () => Promise<MetricFamily[]> {
  let kept: { readonly atMs: number; readonly families: Promise<MetricFamily[]> } | null = null;
  return () => {
    const nowMs = context.clock.nowMs();
    if (kept !== null && nowMs - kept.atMs < KEPT_MS) return kept.families;
    const families = collectWhole(context);
    const mine = { atMs: nowMs, families };
    kept = mine;
    // What failed is asked again with the next scrape.
    families.catch(() => {
      if (kept === mine) kept = null;
    });
    return families;
  };
}
