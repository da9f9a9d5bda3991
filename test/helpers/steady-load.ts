// Clients that ask and ask until they are told to stop, and keep how long each answer took.

import { Client } from "pg";

export interface LoadReport {
  readonly requests: number;
  readonly errors: readonly string[];
  /** 99th percentile of the answers, in milliseconds. */
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly sessions: number;
  /** Between an answer and the next request, so that the machine is not saturated. */
  readonly pauseMs: number;
  /** What the n-th request of a session is; default: a statement that takes no time. */
  readonly ask?: (client: Client, n: number) => Promise<unknown>;
}

export class SteadyLoad implements AsyncDisposable {
  readonly #done: Promise<unknown>;
  readonly #errors: string[] = [];
  #requests = 0;
  readonly #answeredMs: number[] = [];
  #latenciesMs: number[] = [];
  #stopping = false;

  constructor(target: { host: string; port: number; database: string }, options: LoadOptions) {
    this.#done = Promise.all(
      Array.from({ length: options.sessions }, async () => {
        try {
          await this.#session(target, options);
        } catch (error) {
          this.#errors.push(String(error));
        }
      }),
    );
  }

  get requests(): number {
    return this.#requests;
  }

  /** Requests that were answered before this moment of performance.now(). */
  answeredBefore(ms: number): number {
    return this.#answeredMs.filter((at) => at < ms).length;
  }

  /** What happened since the last report. */
  report(): LoadReport {
    const latencies = this.#latenciesMs.toSorted((a, b) => a - b);
    this.#latenciesMs = [];
    const p99Ms = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
    return { requests: latencies.length, errors: [...this.#errors], p99Ms };
  }

  /** Ends every session after its answer. */
  async stop(): Promise<LoadReport> {
    this.#stopping = true;
    await this.#done;
    return this.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #session(target: { host: string; port: number; database: string }, options: LoadOptions): Promise<void> {
    const ask = options.ask ?? ((client: Client): Promise<unknown> => client.query("SELECT 1"));
    const client = new Client({ ...target, user: "postgres" });
    client.on("error", (error) => this.#errors.push(`connection: ${error.message}`));
    await client.connect();
    for (let n = 0; !this.#stopping; n++) {
      const beganMs = performance.now();
      await ask(client, n);
      this.#latenciesMs.push(performance.now() - beganMs);
      this.#requests++;
      this.#answeredMs.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    }
    await client.end();
  }
}
