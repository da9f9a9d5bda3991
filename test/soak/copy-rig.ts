// A pgsoak process with a mirror that can be made to hang or to crawl, for COPY of more than may ever be held in memory.

import { Client } from "pg";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { settledStats } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { BULK_TABLE, BulkClient, type BulkCopied } from "./bulk-copy.ts";
import { ResidentMemory, residentBytes } from "./resident-memory.ts";

const DATABASE = "postgres";
export const MIB = 2 ** 20;
/** mirror_queue_bytes by default. */
const QUEUE_BYTES = 64 * MIB;
/**
 * What a process may take beside the queue: buffers of sockets, and chunks that were read and are not collected yet, of
 * which there may be a lot when the machine is busy.
 */
const SLACK_BYTES = 192 * MIB;
/** A client that isn't faster than the mirror sees to it that no more than this waits. */
const WAITING_MAX_BYTES = QUEUE_BYTES / 2;

export interface CopyReport extends BulkCopied {
  /** How much the process grew at most. */
  readonly grownBytes: number;
}

export class CopyRig implements AsyncDisposable {
  readonly primary: PostgresServer;
  readonly mirror: PostgresServer;
  readonly #network: BreakableProxy;
  readonly #pgsoak: PgsoakProcess;
  #baseline = 0;
  #requests = 0;

  private constructor(primary: PostgresServer, mirror: PostgresServer, network: BreakableProxy, pgsoak: PgsoakProcess) {
    this.primary = primary;
    this.mirror = mirror;
    this.#network = network;
    this.#pgsoak = pgsoak;
  }

  /** `throughNetwork`: the mirror is reached through something that can be throttled. */
  static async start({ throughNetwork = false } = {}): Promise<CopyRig> {
    const [primary, mirror] = await Promise.all([startPostgres({ major: 16 }), startPostgres({ major: 18 })]);
    const network = await BreakableProxy.to(mirror);
    for (const server of [primary, mirror]) await onServer(server, BULK_TABLE);
    const pgsoak = await startPgsoakProcess({ tables: mirrorTables(primary, throughNetwork ? network : mirror) });
    const rig = new CopyRig(primary, mirror, network, pgsoak);
    await rig.#warmUp();
    return rig;
  }

  /** More than this is more than was promised. */
  get grownBytesMax(): number {
    return QUEUE_BYTES + SLACK_BYTES;
  }

  async login(): Promise<BulkClient> {
    return await BulkClient.login({ ...this.#pgsoak.proxy, database: DATABASE });
  }

  /** One request. */
  async ask(client: BulkClient): Promise<void> {
    await client.ask("SELECT 1");
    this.#requests++;
  }

  /** `patient`: no faster than the mirror. */
  async copyIn(client: BulkClient, bytes: number, { patient = false } = {}): Promise<CopyReport> {
    return await this.#watched(client.copyIn(bytes, patient ? () => this.#hasRoom() : undefined));
  }

  async copyOut(client: BulkClient, bytes: number): Promise<CopyReport> {
    return await this.#watched(client.copyOut(bytes));
  }

  /** Bytes per second of each direction of each connection to the mirror. */
  throttle(bytesPerSecond: number): void {
    this.#network.throttle(bytesPerSecond);
  }

  /** Rows in the table, which is then emptied on both sides. */
  async rows(): Promise<{ primary: number; mirror: number }> {
    return { primary: await emptied(this.primary), mirror: await emptied(this.mirror) };
  }

  /** How every request so far has ended, in their order: a parity, an error category or the reason of a drop. */
  async ends(timeoutMs = 60_000): Promise<string[]> {
    await settledStats(this.#pgsoak, this.#requests, timeoutMs);
    using reader = openReader(this.#pgsoak.logFile);
    const events = await reader.readEvents({ after: 0, limit: 10_000, kinds: ["mirrored", "errored", "dropped"] });
    return events.map((event) => {
      if (event.kind === "mirrored") return event.parity;
      if (event.kind === "errored") return event.category;
      return event.kind === "dropped" ? event.reason : event.kind;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pgsoak[Symbol.asyncDispose]();
    await this.#network[Symbol.asyncDispose]();
    await Promise.all([this.primary.stop(), this.mirror.stop()]);
  }

  /** What the process needs for any work at all is no growth. */
  async #warmUp(): Promise<void> {
    await using client = await this.login();
    await this.copyIn(client, 16 * MIB, { patient: true });
    await this.copyOut(client, 16 * MIB);
    await this.ends();
    await this.rows();
    this.#baseline = residentBytes(this.#pgsoak.pid!);
  }

  async #watched(copied: Promise<BulkCopied>): Promise<CopyReport> {
    this.#requests++;
    using memory = new ResidentMemory(this.#pgsoak.pid!);
    const report = await copied;
    return { ...report, grownBytes: memory.peak - this.#baseline };
  }

  async #hasRoom(): Promise<void> {
    const waiting = async (): Promise<number> => {
      const text = await (await fetch(this.#pgsoak.api("/metrics"))).text();
      return Number(/^pgsoak_mirror_queue_bytes\{.*\} (\d+)$/m.exec(text)?.[1]);
    };
    await waitFor(async () => (await waiting()) <= WAITING_MAX_BYTES, {
      timeoutMs: 60_000,
      message: "the mirror keeps up",
    });
  }
}

async function emptied(server: PostgresServer): Promise<number> {
  const rows = Number(await onServer(server, "SELECT count(*) FROM bulk"));
  await onServer(server, "TRUNCATE bulk");
  return rows;
}

async function onServer({ host, port }: PostgresServer, sql: string): Promise<unknown> {
  const client = new Client({ host, port, user: "postgres", database: DATABASE });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}
