// Runs pgbench's read-only script against an address and reads its report.

import { execFile } from "node:child_process";
import { mkdtempDisposableSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const USER = "postgres";
const DATABASE = "postgres";
/** About 75 MB: in memory everywhere. */
const SCALE = 5;

export interface PgbenchAddress {
  readonly host: string;
  readonly port: number;
}

export interface PgbenchOptions {
  readonly program: string;
  readonly address: PgbenchAddress;
  readonly clients: number;
  readonly seconds: number;
  /** Transactions per second over all clients; absent: as many as go. */
  readonly rate?: number;
}

export interface PgbenchReport {
  readonly transactions: number;
  readonly perSecond: number;
  /** Of each transaction from its sending to its answer, in microseconds; only at a fixed rate. */
  readonly latenciesUs: readonly number[];
}

function target({ host, port }: PgbenchAddress): string[] {
  return ["-h", host, "-p", String(port), "-U", USER];
}

/** Fills the tables; once for each server. */
export async function initialisePgbench(program: string, address: PgbenchAddress): Promise<void> {
  await run(program, ["-i", "-q", "-s", String(SCALE), ...target(address), DATABASE]);
}

/** `pgbench -S -M prepared`, in a folder of its own where its log of transactions goes. */
export async function runPgbench(options: PgbenchOptions): Promise<PgbenchReport> {
  const { program, address, clients, seconds, rate } = options;
  using folder = mkdtempDisposableSync(join(tmpdir(), "pgsoak-pgbench-"));
  const pace = rate === undefined ? [] : ["-R", String(rate), "-l"];
  const load = ["-S", "-M", "prepared", "-n", "-c", String(clients), "-j", "2", "-T", String(seconds)];
  const { stdout } = await run(program, [...load, ...pace, ...target(address), DATABASE], { cwd: folder.path });
  return {
    transactions: numberAfter(stdout, /number of transactions actually processed: (\d+)/),
    perSecond: numberAfter(stdout, /tps = ([\d.]+) \(without/),
    latenciesUs: readdirSync(folder.path).flatMap((file) => latenciesIn(join(folder.path, file))),
  };
}

/** Lines of `client number time script epoch us lag` (pgbench, "Per-Transaction Logging"): time holds the lag too. */
function latenciesIn(file: string): number[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const fields = line.split(" ");
    return Number(fields[2]) - Number(fields[6]);
  });
}

function numberAfter(report: string, pattern: RegExp): number {
  const found = pattern.exec(report)?.[1];
  if (found === undefined) throw new Error(`pgbench's report has no ${pattern}:\n${report}`);
  return Number(found);
}
