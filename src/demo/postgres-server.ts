// A throw-away PostgreSQL server on 127.0.0.1 with a data folder of its own: for the demo, and for tests that need to
// break one. It ends with the process that started it, whatever ends that process.

import { chownSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PgsoakError } from "../errors.ts";
import { freePort } from "./free-port.ts";
import {
  type PostgresMajor,
  type PostgresOwner,
  installedPostgresBinaries,
  preparePostgresBinaries,
} from "./postgres-binaries.ts";
import { createCluster, type PostgresAuth, type PostgresTls } from "./postgres-cluster.ts";
import { AddressInUseError, PostmasterProcess } from "./postmaster-process.ts";
import { type ProcessWatchdog, startProcessWatchdog } from "./process-watchdog.ts";

export interface PostgresOptions {
  readonly major: PostgresMajor;
  /** Server settings as in postgresql.conf; they go before the defaults below. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** How clients from 127.0.0.1 log in; default trust. The superuser is always `postgres`. */
  readonly auth?: PostgresAuth;
  /** The superuser's; needed unless auth is trust. */
  readonly password?: string;
  /** Lines of pg_hba.conf instead of the one that `auth` makes. */
  readonly hba?: readonly string[];
  /** PEM texts; sets `ssl = on`. */
  readonly tls?: PostgresTls;
}

const PORT_ATTEMPTS_MAX = 10;

// Nothing in these servers needs to survive a power cut. Shared memory in files goes away with the folder.
const SETTINGS_DEFAULT = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  dynamic_shared_memory_type: "mmap",
};

export class PostgresServer implements AsyncDisposable {
  readonly major: PostgresMajor;
  readonly host = "127.0.0.1";
  readonly user = "postgres";
  readonly password: string | null;
  readonly port: number;
  /** PGDATA. */
  readonly dataFolder: string;
  readonly #watchdog: ProcessWatchdog;
  readonly #postmaster: PostmasterProcess;
  #released: Promise<void> | null = null;

  constructor(options: PostgresOptions, folder: string, watchdog: ProcessWatchdog, postmaster: PostmasterProcess) {
    this.major = options.major;
    this.password = options.password ?? null;
    this.port = postmaster.port;
    this.dataFolder = join(folder, "data");
    this.#watchdog = watchdog;
    this.#postmaster = postmaster;
  }

  /** Process id of the postmaster, or null while none runs. */
  get pid(): number | null {
    return this.#postmaster.pid;
  }

  /** What the server has written to its log so far (the last 64 KiB). */
  log(): string {
    return this.#postmaster.log();
  }

  /** `postgres://…` of a database on this server. */
  url(database = "postgres"): string {
    const password = this.password === null ? "" : `:${encodeURIComponent(this.password)}`;
    return `postgres://${this.user}${password}@${this.host}:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Stops every process of the server, while the kernel goes on accepting connections for it. */
  suspend(): void {
    this.#postmaster.suspend();
  }

  /** Undoes suspend(). */
  resume(): void {
    this.#postmaster.resume();
  }

  /** SIGKILL to the postmaster and all of its children, as when the machine is lost. The data stays: see restart(). */
  async kill(): Promise<void> {
    await this.#postmaster.kill();
  }

  /** Ends the server (fast shutdown) if it runs and starts it again on the same port with the same data. */
  async restart(): Promise<void> {
    await this.#postmaster.stop();
    await this.#postmaster.start();
  }

  /** Ends the server but keeps its port and data for restart(). */
  async shutDown(): Promise<void> {
    await this.#postmaster.stop();
  }

  /** Ends the server and removes its folder. Safe to call twice. */
  async stop(): Promise<void> {
    this.#released ??= this.#postmaster.stop().then(() => this.#watchdog.release());
    await this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts a server and returns when it accepts connections. As root it runs as nobody.
 * Throws PgsoakError `unavailable`, with the server's own words, when it can't be started here.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  if (process.platform === "win32") throw new PgsoakError("unavailable", "throw-away servers need a Unix system");
  const owner: PostgresOwner | null = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `pgsoak-postgres-${options.major}-`));
  if (owner !== null) chownSync(folder, owner.uid, owner.gid);
  const watchdog = startProcessWatchdog(folder);
  try {
    const binaries = await preparePostgresBinaries(installedPostgresBinaries(options.major), owner, folder);
    const dataFolder = join(folder, "data");
    await createCluster({ ...options, binaries, dataFolder, owner, guard: watchdog.guard });
    const settings = { ...SETTINGS_DEFAULT, ...(options.tls === undefined ? {} : { ssl: "on" }), ...options.settings };
    const postmaster = await startOnFreePort(
      (port) => new PostmasterProcess({ binaries, folder, dataFolder, owner, port, settings, guard: watchdog.guard }),
    );
    return new PostgresServer(options, folder, watchdog, postmaster);
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

async function startOnFreePort(create: (port: number) => PostmasterProcess): Promise<PostmasterProcess> {
  for (let attempt = 1; ; attempt++) {
    const postmaster = create(await freePort());
    try {
      await postmaster.start();
      return postmaster;
    } catch (error) {
      // Somebody else took the port between our look and the server's bind.
      if (!(error instanceof AddressInUseError) || attempt === PORT_ATTEMPTS_MAX) throw error;
    }
  }
}
