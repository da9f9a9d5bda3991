// The load of `pgsoak bench`: connections that ask for one row by its key, with a prepared statement. There is hardly a
// smaller request, so what pgsoak adds to it is as much as it can be in comparison.
//
//   as fast as it goes  each connection asks again when it has its answer: throughput, processor time
//   at a fixed rate     each connection asks at moments that stand before: latencies that no queue of our own makes

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { ACCOUNTS_PER_BRANCH, BANK_BRANCHES } from "../demo/bank.ts";

export interface Load {
  /** Of every request, in microseconds. */
  readonly latenciesUs: readonly number[];
  readonly seconds: number;
}

export interface LoadTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

const QUESTION = { name: "account", text: "SELECT owner, balance FROM account WHERE id = $1" };
const US_PER_MS = 1000;

/** So many connections, closed at the end. */
export class LoadClients implements AsyncDisposable {
  readonly #clients: readonly Client[];

  constructor(clients: readonly Client[]) {
    this.#clients = clients;
  }

  /** Everybody asks as fast as there are answers. Ends early when `stop` is aborted. */
  askAtOnce(seconds: number, stop: AbortSignal): Promise<Load> {
    return this.#ask(seconds, stop, () => performance.now());
  }

  /** All of them together ask `perSecond` times a second. A request that comes late because the last one took so long is late all the same. */
  askAtRate(perSecond: number, seconds: number, stop: AbortSignal): Promise<Load> {
    const intervalMs = (this.#clients.length / perSecond) * 1000;
    const beginMs = performance.now();
    return this.#ask(seconds, stop, async (client, turn) => {
      const dueMs = beginMs + (turn + client / this.#clients.length) * intervalMs;
      const earlyMs = dueMs - performance.now();
      if (earlyMs <= 0) return dueMs;
      await sleep(earlyMs, undefined, { signal: stop }).catch(() => {});
      // How late a timer fires is no latency of the server.
      return performance.now();
    });
  }

  async #ask(
    seconds: number,
    stop: AbortSignal,
    due: (client: number, turn: number) => number | Promise<number>,
  ): Promise<Load> {
    const latenciesUs: number[] = [];
    const beginMs = performance.now();
    const endMs = beginMs + seconds * 1000;
    const loop = async (client: Client, at: number): Promise<void> => {
      for (let turn = 0; performance.now() < endMs && !stop.aborted; turn++) {
        const fromMs = await due(at, turn);
        if (fromMs >= endMs) return;
        const account = Math.floor(Math.random() * ACCOUNTS_PER_BRANCH * BANK_BRANCHES);
        await client.query({ ...QUESTION, values: [account] });
        latenciesUs.push((performance.now() - fromMs) * US_PER_MS);
      }
    };
    await Promise.all(this.#clients.map(loop));
    return { latenciesUs, seconds: (performance.now() - beginMs) / 1000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}

/** Rejects with what the server said to the first that could not get in. */
export async function connectLoad(target: LoadTarget, count: number): Promise<LoadClients> {
  const clients = Array.from({ length: count }, () => new Client({ ...target, application_name: "pgsoak bench" }));
  // Told by the query that meets it.
  for (const client of clients) client.on("error", () => {});
  const load = new LoadClients(clients);
  try {
    await Promise.all(clients.map((client) => client.connect()));
    return load;
  } catch (error) {
    await Promise.allSettled(clients.map((client) => client.end()));
    throw error;
  }
}
