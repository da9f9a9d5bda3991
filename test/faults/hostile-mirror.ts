// A session whose mirror is whatever the test says, beside a direct connection to the primary that shows what the client
// must see.

import { expect } from "vitest";
import { residueOf } from "../../src/projections/conservation.ts";
import { CLIENT_CONNECTIONS, MIRROR_CONNECTIONS, MIRROR_QUEUE_DEPTH, QUEUE_BYTES } from "../../src/proxy/gauges.ts";
import type { TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type Behaviour, FakeServer, relayTo } from "../helpers/fake-server.ts";
import { type Frame, RawClient } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { query } from "../helpers/messages.ts";
import { waitFor } from "../helpers/wait-for.ts";

/** Short, so that what never answers is found out about in test time. */
const TIMEOUT_MS = 250;

export class HostileMirror implements AsyncDisposable {
  readonly mirror: FakeServer;
  readonly proxy: InlineProxy;
  readonly client: RawClient;
  readonly #database: TestDatabase;
  readonly #direct: RawClient;

  private constructor(
    database: TestDatabase,
    mirror: FakeServer,
    proxy: InlineProxy,
    client: RawClient,
    direct: RawClient,
  ) {
    this.#database = database;
    this.mirror = mirror;
    this.proxy = proxy;
    this.client = client;
    this.#direct = direct;
  }

  /** `password` is what the mirror's database entry has. */
  static async start(database: TestDatabase, behaviour: Behaviour, mirroring = {}): Promise<HostileMirror> {
    const mirror = await FakeServer.start(behaviour);
    const tables = mirrorTables(database.primary, mirror, { timeout_ms: TIMEOUT_MS, ...mirroring });
    const [source, candidate] = tables.databases!;
    const proxy = await startInlineProxy({ ...tables, databases: [source!, { ...candidate!, password: "secret" }] });
    const parameters = { user: "postgres", database: database.name };
    const direct = await RawClient.login(database.primary, parameters);
    return new HostileMirror(database, mirror, proxy, await RawClient.login(proxy, parameters), direct);
  }

  /** Sends the same to the proxy and to the primary itself: the answers must be the same bytes. */
  async ask(...messages: readonly Buffer[]): Promise<void> {
    const [seen, expected] = await Promise.all([this.client.exchange(...messages), this.#direct.exchange(...messages)]);
    expect(bytesOf(seen)).toEqual(bytesOf(expected));
  }

  /** Gives the mirror back its senses and asks until it is mirrored to again. Returns how many requests that took. */
  async recovers(): Promise<number> {
    this.mirror.behaviour = relayTo(this.#database.mirror);
    const { length: before } = await this.proxy.eventsOf("mirrored");
    let asked = 0;
    await waitFor(
      async () => {
        await this.ask(query("SELECT 1"));
        asked++;
        const mirrored = await this.proxy.eventsOf("mirrored");
        return mirrored.slice(before).some((event) => event.parity === "match");
      },
      { message: "it mirrors again" },
    );
    return asked;
  }

  /** The client leaves: every request has one outcome, and nothing of the session is left. */
  async settles(requests: number): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.proxy.outcomes(requests);
    await expectNothingLeft(this.proxy);
    await waitFor(() => this.mirror.open === 0, { message: "no connection to the mirror is left" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.#direct[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.mirror[Symbol.asyncDispose]();
  }
}

const bytesOf = (frames: readonly Frame[]): string[] =>
  frames.map(({ type, body }) => `${type} ${body.toString("latin1")}`);

/** No session, no connection, no byte is held any more, and the books balance. */
export async function expectNothingLeft(proxy: InlineProxy): Promise<void> {
  await waitFor(
    () => {
      const { gauges } = proxy;
      const figures = {
        clients: gauges.sum(CLIENT_CONNECTIONS),
        queueBytes: gauges.sum(QUEUE_BYTES),
        mirrorConnections: gauges.sumMirroring(0, MIRROR_CONNECTIONS),
        queueDepth: gauges.sumMirroring(0, MIRROR_QUEUE_DEPTH),
      };
      return Object.values(figures).every((figure) => figure === 0) ? true : null;
    },
    { message: "everything is given back" },
  );
  await waitFor(async () => (await residue(proxy)) === 0, { message: "the books balance" });
}

/** What the events of a proxy without anything in flight can't explain. */
export async function residue(proxy: InlineProxy): Promise<number> {
  const balance = { seen: 0, skipped: 0, selected: 0, mirrored: 0, errored: 0, dropped: 0, unrecorded: 0 };
  for (const event of await proxy.events()) {
    if (event.kind === "tallied") balance.seen += event.seen;
    else if (event.kind === "skipped") balance.skipped += event.count;
    else if (event.kind === "unrecorded") balance.unrecorded += event.requests ?? 0;
    else if (event.kind === "queued") balance.selected++;
    else if (event.kind === "mirrored" || event.kind === "errored") balance[event.kind]++;
    else if (event.kind === "dropped") {
      balance.dropped++;
      if (!event.wasQueued) balance.selected++;
    }
  }
  return residueOf(balance, 0);
}
