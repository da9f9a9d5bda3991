// One proxy thread and a recorder inside the test's own thread: nothing is mocked, only the threads are missing, so that
// a test sees every event at once and coverage sees every line.

import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { createClock } from "../../src/clock.ts";
import type { Config, MirroringConfig, UserConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { EventLog } from "../../src/events/event-log.ts";
import type { EventKind, EventOf, MirrorEvent } from "../../src/events/event.ts";
import { LogClock } from "../../src/events/log-clock.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { Recorder } from "../../src/events/recorder.ts";
import { createRingBuffer } from "../../src/events/ring.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { createGaugeBuffer, Gauges } from "../../src/proxy/gauges.ts";
import { createHealthBuffer } from "../../src/proxy/mirror/health.ts";
import { ProxyThread } from "../../src/proxy/proxy-thread.ts";
import type { ProxyCommand, ProxyReport } from "../../src/proxy/thread-messages.ts";
import { type ConfigTables, configText } from "./config-text.ts";
import { waitFor } from "./wait-for.ts";

const RING_SLOTS = 1 << 14;

/** An outcome: what ends a selected request. */
export type Outcome = EventOf<"mirrored" | "errored" | "dropped">;

export class InlineProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly gauges: Gauges;
  readonly reports: readonly ProxyReport[];
  readonly #log: EventLog;
  readonly #recorder: Recorder;
  readonly #channel: MessageChannel;
  readonly #close: () => void;
  #config: Config;
  #applied = 0;

  constructor(options: {
    config: Config;
    port: number;
    gauges: Gauges;
    reports: readonly ProxyReport[];
    log: EventLog;
    recorder: Recorder;
    channel: MessageChannel;
    close: () => void;
  }) {
    this.#config = options.config;
    this.port = options.port;
    this.gauges = options.gauges;
    this.reports = options.reports;
    this.#log = options.log;
    this.#recorder = options.recorder;
    this.#channel = options.channel;
    this.#close = options.close;
  }

  /** Log lines of the thread, as objects. */
  get lines(): readonly { level: string; message: string; fields: Record<string, unknown> }[] {
    return this.reports.filter((report) => report.type === "log");
  }

  /** Everything that was published so far, in the order of the log. */
  async events(): Promise<MirrorEvent[]> {
    while (this.#recorder.drain() !== "idle");
    return await this.#log.reader.readEvents({ after: 0, limit: 1_000_000 });
  }

  async eventsOf<K extends EventKind>(...kinds: readonly K[]): Promise<EventOf<K>[]> {
    const events = await this.events();
    return events.filter((event): event is EventOf<K> => kinds.some((kind) => kind === event.kind));
  }

  /** Waits until `count` selected requests have their outcome, and gives all outcomes in the order of the requests. */
  async outcomes(count: number, timeoutMs?: number): Promise<Outcome[]> {
    const all = async (): Promise<Outcome[]> => this.eventsOf("mirrored", "errored", "dropped");
    await waitFor(async () => (await all()).length >= count, {
      message: `${count} outcomes`,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return (await all()).toSorted((a, b) => a.request - b.request);
  }

  /** What the tap saw and what was skipped, by reason; waits until the tap saw `seen` requests. */
  async tally(seen: number): Promise<{ seen: number; skipped: Record<string, number> }> {
    const read = async (): Promise<{ seen: number; skipped: Record<string, number> }> => {
      const skipped: Record<string, number> = {};
      let sum = 0;
      for (const event of await this.eventsOf("tallied", "skipped")) {
        if (event.kind === "tallied") sum += event.seen;
        else skipped[event.reason] = (skipped[event.reason] ?? 0) + event.count;
      }
      return { seen: sum, skipped };
    };
    await waitFor(async () => (await read()).seen >= seen, { message: `${seen} requests were seen` });
    return await read();
  }

  /** The text that the log keeps for a statement id. */
  statementText(id: number): string | undefined {
    const row = this.#log.db.prepare<[number], { text: string }>("SELECT text FROM statement WHERE id = ?").get(id);
    return row?.text;
  }

  /** Goes on with every mirroring changed or paused, or other users, as after a reload; returns when the thread knows. */
  async apply(
    change: Partial<MirroringConfig>,
    { paused = false, users = this.#config.users }: { paused?: boolean; users?: readonly UserConfig[] } = {},
  ): Promise<void> {
    const mirrorings = this.#config.mirrorings.map((mirroring) => ({ ...mirroring, ...change }));
    this.#config = { ...this.#config, mirrorings, users };
    const names = paused ? mirrorings.map(({ name }) => name) : [];
    const id = ++this.#applied;
    const settings = { type: "settings", id, config: this.#config, paused: names } satisfies ProxyCommand;
    this.#channel.port1.postMessage(settings);
    const isApplied = (): boolean => this.reports.some((report) => report.type === "applied" && report.id === id);
    await waitFor(isApplied, { message: "the settings are applied" });
  }

  /** The log's id of what is between a mirroring and a database; undefined before the first is heard of it. */
  laneOf(mirroring: string): number | undefined {
    const sql = "SELECT id FROM lane WHERE mirroring = ?";
    return this.#log.db.prepare<[string], { id: number }>(sql).get(mirroring)?.id;
  }

  /** Stops the thread as the service would. */
  async stop(timeoutMs = 2000): Promise<void> {
    if (this.reports.some((report) => report.type === "stopped")) return;
    this.#channel.port1.postMessage({ type: "stop", timeoutMs } satisfies ProxyCommand);
    await waitFor(() => this.reports.some((report) => report.type === "stopped"), { message: "the thread stops" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
    this.#close();
  }
}

export async function startInlineProxy(tables: ConfigTables): Promise<InlineProxy> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-inline-"));
  const text = configText(tables, folder, { proxy: 0, api: 0, admin: 0 });
  const config = parseConfig(text, { file: join(folder, "pgsoak.toml"), env: {}, allowPortZero: true });
  await loadStatementParser();
  const openRequests = new OpenRequests();
  const folds = [openRequests, ...createProjections()];
  const log = await EventLog.open({ path: config.events.path, folds });
  const clock = new LogClock(createClock(), log.lastAt);
  const run = { run: 1, version: "0", host: "test", configHash: "0", mirrorings: [], metricsEnabled: true };
  log.appendBatch([{ kind: "run_started", at: clock.wallUs(), ...run }]);
  const recorder = new Recorder({ log, openRequests, run: 1, clock, flushMs: 50, report: () => {} });
  const ring = createRingBuffer(RING_SLOTS);
  const names = new MessageChannel();
  recorder.attach(0, ring, names.port1);
  const channel = new MessageChannel();
  const reports: ProxyReport[] = [];
  channel.port1.on("message", (report: ProxyReport) => {
    reports.push(report);
    // A thread of its own would be told at once that no other one knows the key.
    if (report.type === "cancel") channel.port1.postMessage({ type: "cancelled", id: report.id });
  });
  const mirrorings = config.mirrorings.length;
  const gaugeBuffer = createGaugeBuffer(1, mirrorings);
  const thread = new ProxyThread(
    {
      thread: 0,
      firstId: 0,
      config,
      paused: [],
      port: 0,
      reusePort: false,
      ring,
      signal: new SharedArrayBuffer(4),
      gauges: gaugeBuffer,
      health: createHealthBuffer(mirrorings),
      strangerSecret: new Uint8Array(32).fill(7),
      names: names.port2,
    },
    channel.port2,
  );
  await thread.start();
  if (reports.length === 0) await once(channel.port1, "message");
  const listening = reports.find((report) => report.type === "listening");
  if (listening === undefined) throw new Error(`the thread does not listen: ${JSON.stringify(reports)}`);
  return new InlineProxy({
    config,
    port: listening.port,
    gauges: new Gauges(gaugeBuffer, mirrorings),
    reports,
    log,
    recorder,
    channel,
    close: () => {
      channel.port1.close();
      names.port2.close();
      log[Symbol.dispose]();
      rmSync(folder, { recursive: true });
    },
  });
}
