// What pgsoak costs on this machine: the same load directly on a throw-away server and through pgsoak, in turn, several
// times, so that whatever else the machine does hits all sides alike.

import { setTimeout as sleep } from "node:timers/promises";
import { BANK_DATABASE } from "../demo/bank.ts";
import { type DemoServers, startDemoServers } from "../demo/demo-servers.ts";
import type { ServedWay } from "./bench-config.ts";
import { type BenchService, startBenchService } from "./bench-service.ts";
import { connectLoad, type LoadTarget } from "./load.ts";
import { cpuUs } from "./process-cpu.ts";
import { quantileOf } from "./spread.ts";

export type Way = "direct" | ServedWay;
const WAYS: readonly Way[] = ["direct", "relay", "mirrored", "hung"];

/** Before each measurement: connections are made, statements prepared, the mirror entered. */
const WARM_UP_SECONDS = 0.3;
/** Latencies are measured far from what the plain relay can do, so that they are no queue's. */
const RATE_SHARE = 0.2;
const RATE_MIN = 20;
/** How long the mirror may take to finish what is queued. */
const DRAIN_MAX_MS = 30_000;
/** Asking costs pgsoak processor time too. */
const DRAIN_POLL_MS = 50;

export interface BenchOptions {
  /** Of each measurement: half of it as fast as it goes, half at a fixed rate. */
  readonly seconds: number;
  readonly clients: number;
  readonly rounds: number;
  readonly stop: AbortSignal;
  /** Before each measurement; `done` of `of` have ended. */
  readonly onProgress: (what: string, done: number, of: number) => void;
}

/** One way in one round. */
export interface Measurement {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Of pgsoak, a request; null where the system doesn't tell, and where there is no pgsoak. */
  readonly cpuUs: number | null;
  /** Of all requests that the mirror had to do with, how many it finished; null without one. */
  readonly mirroredShare: number | null;
}

export interface BenchResult {
  /** At which latencies were measured, requests a second. */
  readonly rate: number;
  readonly rounds: readonly Readonly<Record<Way, Measurement>>[];
}

/** Returns when everything it started is gone. Null: stopped before it was done. */
export async function runBench(options: BenchOptions): Promise<BenchResult | null> {
  const { rounds: count, stop } = options;
  const total = (count + 1) * WAYS.length;
  options.onProgress("starting PostgreSQL 16 and 18", 0, total);
  await using servers = await startDemoServers();
  if (stop.aborted) return null;
  await using service = await startBenchService(servers);
  const bench = new Bench(servers, service, options);
  const rounds: Record<Way, Measurement>[] = [];
  let rate = RATE_MIN;
  // The first round is thrown away: it only finds out how fast the machine is.
  for (let round = 0; round <= count; round++) {
    const results = new Map<Way, Measurement>();
    for (const [place, way] of turned(WAYS, round).entries()) {
      if (stop.aborted) return null;
      options.onProgress(
        round === 0 ? `warming up: ${way}` : `round ${round} of ${count}: ${way}`,
        round * WAYS.length + place,
        total,
      );
      results.set(way, await bench.measure(way, rate));
    }
    const measured = recordOf(results);
    if (round > 0) rounds.push(measured);
    else rate = Math.max(RATE_MIN, Math.floor(measured.relay.perSecond * RATE_SHARE));
  }
  return stop.aborted ? null : { rate, rounds };
}

/** Each round begins with another way, so that none is always the one behind a hung mirror. */
const turned = <T>(list: readonly T[], by: number): T[] => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length),
];

function recordOf(results: ReadonlyMap<Way, Measurement>): Record<Way, Measurement> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every way was measured
  return Object.fromEntries(results) as Record<Way, Measurement>;
}

class Bench {
  readonly #servers: DemoServers;
  readonly #service: BenchService;
  readonly #options: BenchOptions;

  constructor(servers: DemoServers, service: BenchService, options: BenchOptions) {
    this.#servers = servers;
    this.#service = service;
    this.#options = options;
  }

  async measure(way: Way, rate: number): Promise<Measurement> {
    const { seconds, clients, stop } = this.#options;
    const { mirror } = this.#servers;
    try {
      await using load = await connectLoad(this.#target(way), clients);
      await load.askAtOnce(WARM_UP_SECONDS, stop);
      await this.#drained();
      if (way === "hung") mirror.suspend();
      const [beforeUs, before] = [this.#cpuUs(), await this.#service.stats()];
      const fast = await load.askAtOnce(seconds / 2, stop);
      // What the mirror still has to do of this load belongs to its cost.
      if (way !== "hung") await this.#drained();
      const [afterUs, after] = [this.#cpuUs(), await this.#service.stats()];
      const calm = await load.askAtRate(rate, seconds / 2, stop);
      const requests = Math.max(1, fast.latenciesUs.length);
      const cpu = beforeUs === null || afterUs === null || way === "direct" ? null : (afterUs - beforeUs) / requests;
      const finished = after.requests_mirrored - before.requests_mirrored;
      const quantileMs = (share: number): number =>
        calm.latenciesUs.length === 0 ? 0 : quantileOf(calm.latenciesUs, share) / 1000;
      return {
        perSecond: fast.latenciesUs.length / fast.seconds,
        medianMs: quantileMs(0.5),
        p95Ms: quantileMs(0.95),
        p99Ms: quantileMs(0.99),
        cpuUs: cpu,
        mirroredShare: way === "mirrored" ? finished / requests : null,
      };
    } finally {
      mirror.resume();
      await this.#drained();
    }
  }

  #target(way: Way): LoadTarget {
    if (way !== "direct") return this.#service.target(way);
    const { host, port, user } = this.#servers.primary;
    return { host, port, user, database: BANK_DATABASE };
  }

  /** Null where the system has no procfs. */
  #cpuUs(): number | null {
    return process.platform === "linux" ? cpuUs(this.#service.pid) : null;
  }

  /** Waits until no request is on its way to a mirror any more. */
  async #drained(): Promise<void> {
    const deadline = performance.now() + DRAIN_MAX_MS;
    while (performance.now() < deadline && !this.#options.stop.aborted) {
      if ((await this.#service.stats()).requests_in_flight === 0) return;
      await sleep(DRAIN_POLL_MS);
    }
  }
}
