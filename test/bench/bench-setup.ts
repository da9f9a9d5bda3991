// What the experiments share: the two servers with pgbench's tables, and how long to measure.

import type { PostgresServer } from "../../src/demo/postgres-server.ts";
import type { Figure } from "./figure.ts";

export interface BenchSetup {
  readonly primary: PostgresServer;
  readonly mirror: PostgresServer;
  readonly pgbench: string;
  /** Null where it isn't installed. */
  readonly pgbouncer: string | null;
  readonly rounds: number;
  /** Of each side in each round. */
  readonly seconds: number;
  /** Length of the log, for experiments that need a long one. */
  readonly events: number;
}

/** Some figures that come from the same runs. */
export interface Experiment {
  readonly name: string;
  /** The names of its figures. */
  readonly figures: readonly string[];
  /** What must be installed. */
  readonly needs: readonly ("pgbench" | "pgbouncer")[];
  readonly run: (setup: BenchSetup) => Promise<readonly Figure[]>;
}

/** Runs both sides in turn, A B A B, after a warm-up of each: what the machine does besides hits both alike. */
export async function interleave<A, B>(
  { rounds, seconds }: BenchSetup,
  a: (seconds: number) => Promise<A>,
  b: (seconds: number) => Promise<B>,
): Promise<{ a: A; b: B }[]> {
  await a(Math.min(seconds, WARM_UP_SECONDS));
  await b(Math.min(seconds, WARM_UP_SECONDS));
  const results: { a: A; b: B }[] = [];
  for (let round = 0; round < rounds; round++) results.push({ a: await a(seconds), b: await b(seconds) });
  return results;
}

/** Long enough for the compiler to have seen the hot path. */
const WARM_UP_SECONDS = 3;
