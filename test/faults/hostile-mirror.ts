// One session whose mirror is whatever the test says, beside a direct connection to the primary that shows what the
// client must see.

import { expect } from "vitest";
import type { TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type Behaviour, type FakePeer, FakeServer, relayTo } from "../helpers/fake-server.ts";
import { type Frame, RawClient } from "../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../helpers/inline-proxy.ts";
import { query } from "../helpers/messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { expectNothingLeft } from "./nothing-left.ts";

/** Short, so that what never answers is found out about in test time. */
const TIMEOUT_MS = 250;
/** What clients ask, to be told from what pgsoak asks in its own name. */
const QUESTION = query("SELECT 'asked'");

export class HostileMirror implements AsyncDisposable {
  readonly server: FakeServer;
  readonly proxy: InlineProxy;
  readonly client: RawClient;
  readonly #direct: RawClient;
  readonly #database: TestDatabase;
  #asked = 0;

  private constructor(options: {
    server: FakeServer;
    proxy: InlineProxy;
    client: RawClient;
    direct: RawClient;
    database: TestDatabase;
  }) {
    this.server = options.server;
    this.proxy = options.proxy;
    this.client = options.client;
    this.#direct = options.direct;
    this.#database = options.database;
  }

  static async start(database: TestDatabase, behaviour: Behaviour): Promise<HostileMirror> {
    const server = await FakeServer.start(behaviour);
    const tables = mirrorTables(database.primary, server, { timeout_ms: TIMEOUT_MS });
    const databases = tables.databases!.map((entry) => (entry["user"] ? { ...entry, password: "secret" } : entry));
    const proxy = await startInlineProxy({ ...tables, databases });
    const parameters = { user: "postgres", database: database.name };
    const [client, direct] = await Promise.all([
      RawClient.login(proxy, parameters),
      RawClient.login(database.primary, parameters),
    ]);
    return new HostileMirror({ server, proxy, client, direct, database });
  }

  /** Asks so many times, one after the other: the client sees the primary's bytes. Returns what became of each. */
  async ask(times: number): Promise<Outcome[]> {
    for (let n = 0; n < times; n++) {
      const [seen, expected] = await Promise.all([this.client.exchange(QUESTION), this.#direct.exchange(QUESTION)]);
      expect(bytesOf(seen)).toEqual(bytesOf(expected));
    }
    this.#asked += times;
    return (await this.proxy.outcomes(this.#asked, 20_000)).slice(-times);
  }

  /** The mirror is replaced by a sane one: after its back-off pgsoak mirrors again by itself. */
  async recovers(): Promise<void> {
    this.server.behaviour = relayTo(this.#database.mirror);
    this.server.cut();
    await waitFor(async () => (await this.ask(1)).some(isMatch), { message: "it mirrors again" });
  }

  /** The client leaves: every request has one outcome, and nothing of the session is left. */
  async settles(): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await expectNothingLeft(this.proxy);
    expect(await this.proxy.tally(this.#asked)).toEqual({ seen: this.#asked, skipped: {} });
    expect(await this.proxy.outcomes(this.#asked)).toHaveLength(this.#asked);
    await waitFor(() => this.server.open === 0, { message: "no connection to the mirror is left" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.#direct[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** A sane mirror but for its answer to what clients ask. */
export function answering(database: TestDatabase, answer: (peer: FakePeer) => void): Behaviour {
  return relayTo(database.mirror, (peer, frame) => {
    const asked = frame.type === "Q" && frame.body.includes("'asked'");
    if (asked) answer(peer);
    return asked;
  });
}

const isMatch = (outcome: Outcome): boolean => outcome.kind === "mirrored" && outcome.parity === "match";

const bytesOf = (frames: readonly Frame[]): string[] =>
  frames.map(({ type, body }) => `${type} ${body.toString("latin1")}`);
