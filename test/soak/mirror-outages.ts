// Takes the mirror away and brings it back, in turn gently, suddenly and by silence, and remembers when it was away.

import type { PostgresServer } from "../../src/demo/postgres-server.ts";
import { readStatsOf } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";
import type { SoakLoad } from "./soak-load.ts";

/** Mirrored again after so many more requests. */
const MIRRORED_AGAIN = 200;
/** Requests that clients send while the mirror is away. */
const REQUESTS_AWAY = 500;
const BACK_TIMEOUT_MS = 60_000;

/** Wall clock, microseconds since the Unix epoch. */
export interface Outage {
  readonly how: string;
  readonly from: number;
  readonly to: number;
}

const nowUs = (): number => Date.now() * 1000;

const WAYS: readonly (readonly [how: string, away: (mirror: PostgresServer) => Promise<void>])[] = [
  ["fast shutdown", (mirror) => mirror.shutDown()],
  ["kill -9", (mirror) => mirror.kill()],
  ["suspend, then kill -9", (mirror) => (mirror.suspend(), Promise.resolve())],
];

export class MirrorOutages {
  readonly outages: Outage[] = [];
  readonly #mirror: PostgresServer;
  readonly #pgsoak: { api: (path: string) => string };
  readonly #load: SoakLoad;

  constructor(mirror: PostgresServer, pgsoak: { api: (path: string) => string }, load: SoakLoad) {
    this.#mirror = mirror;
    this.#pgsoak = pgsoak;
    this.#load = load;
  }

  /** `restarts` outages, spread over `requests` requests. */
  async run(restarts: number, requests: number): Promise<void> {
    this.#load.goesOn = true;
    for (let restart = 0; restart < restarts; restart++) {
      await this.#load.reaches(((restart + 1) * requests) / (restarts + 1));
      await this.#takeAway(restart);
      console.error(JSON.stringify(this.outages.at(-1)), this.#load.requests);
    }
    this.#load.goesOn = false;
  }

  async #takeAway(restart: number): Promise<void> {
    const [how, away] = WAYS[restart % WAYS.length]!;
    const from = nowUs();
    await away(this.#mirror);
    await this.#load.reaches(this.#load.requests + REQUESTS_AWAY);
    this.#mirror.resume();
    if (how.startsWith("suspend")) await this.#mirror.kill();
    await this.#mirror.restart();
    const before = (await readStatsOf(this.#pgsoak)).total.requests_mirrored;
    const isBack = async (): Promise<boolean> => {
      return (await readStatsOf(this.#pgsoak)).total.requests_mirrored > before + MIRRORED_AGAIN;
    };
    await waitFor(isBack, { timeoutMs: BACK_TIMEOUT_MS, message: "mirrors again" });
    this.outages.push({ how, from, to: nowUs() });
  }
}
