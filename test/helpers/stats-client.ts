// Reads /stats as a client does.

import { type StatsJson, statsJsonSchema } from "../../src/projections/stats-json.ts";
import { waitFor } from "./wait-for.ts";

/** Anything that has an API. */
interface HasApi {
  /** URL of a path. */
  api(path: string): string;
}

export async function readStatsOf(pgsoak: HasApi): Promise<StatsJson> {
  const answer = await fetch(pgsoak.api("/stats"));
  if (!answer.ok) throw new Error(`/stats: ${answer.status} ${await answer.text()}`);
  return statsJsonSchema.parse(await answer.json());
}

/** The stats when `requests` requests were seen in all and none is in flight. */
export async function settledStats(pgsoak: HasApi, requests: number, timeoutMs = 20_000): Promise<StatsJson> {
  let last = await readStatsOf(pgsoak);
  const isSettled = async (): Promise<boolean> => {
    last = await readStatsOf(pgsoak);
    return last.total.requests_total === requests && last.total.requests_in_flight === 0;
  };
  try {
    await waitFor(isSettled, { timeoutMs });
  } catch {
    const { requests_total: seen, requests_in_flight: inFlight } = last.total;
    throw new Error(`expected ${requests} requests and none in flight, got ${seen} and ${inFlight} in flight`);
  }
  return last;
}
