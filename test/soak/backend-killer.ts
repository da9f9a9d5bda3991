// Ends mirror connections between requests, one after the other, so that pgsoak must renew them all the time: with what
// the session has set, prepared and listened to.

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

const KILL_ONE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND state = 'idle' AND pid <> pg_backend_pid()
  ORDER BY random() LIMIT 1`;

interface Target {
  readonly host: string;
  readonly port: number;
}

export class BackendKiller {
  kills = 0;
  readonly #mirror: Target;
  #stopping = false;

  constructor(mirror: Target) {
    this.#mirror = mirror;
  }

  /** About so many a second, until stop(). A mirror that is away has nothing to end. */
  async run(perSecond: number): Promise<void> {
    if (perSecond === 0) return;
    while (!this.#stopping) {
      await sleep(1000 / perSecond);
      await this.#kill(perSecond);
    }
  }

  stop(): void {
    this.#stopping = true;
  }

  async #kill(perSecond: number): Promise<void> {
    const { host, port } = this.#mirror;
    const client = new Client({ host, port, user: "postgres", database: "postgres", connectionTimeoutMillis: 1000 });
    client.on("error", () => {});
    try {
      await client.connect();
      while (!this.#stopping) {
        this.kills += (await client.query(KILL_ONE)).rowCount ?? 0;
        await sleep(1000 / perSecond);
      }
    } catch {
      // The mirror is away; there will be another connection.
    }
    // Not awaited: a suspended server never says goodbye.
    void client.end().catch(() => {});
  }
}
