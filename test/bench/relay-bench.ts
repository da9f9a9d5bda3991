// pgsoak as a plain relay against pgbouncer in session mode: processor time for each request, and throughput.

import { relayTables } from "../helpers/config-text.ts";
import { startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { type BenchSetup, type Experiment, interleave } from "./bench-setup.ts";
import type { Figure } from "./figure.ts";
import { runPgbench } from "./pgbench.ts";
import { startPgbouncer } from "./pgbouncer.ts";
import { cpuUs } from "../../src/bench/process-cpu.ts";
import { spreadOf } from "../../src/bench/spread.ts";

interface Sample {
  readonly perSecond: number;
  readonly cpuUsPerRequest: number;
}

/** Figures at 8 clients: processor time and throughput. */
export const relayAt8: Experiment = {
  name: "relay-8",
  figures: ["relay_cpu_vs_pgbouncer", "relay_throughput_8_vs_pgbouncer"],
  needs: ["pgbench", "pgbouncer"],
  run: async (setup) => {
    const rounds = await compareWithPgbouncer(setup, 8);
    return [cpuFigure(rounds), throughputFigure(rounds, 8)];
  },
};

/** Throughput at 32 clients. */
export const relayAt32: Experiment = {
  name: "relay-32",
  figures: ["relay_throughput_32_vs_pgbouncer"],
  needs: ["pgbench", "pgbouncer"],
  run: async (setup) => [throughputFigure(await compareWithPgbouncer(setup, 32), 32)],
};

type Rounds = readonly { readonly a: Sample; readonly b: Sample }[];

async function compareWithPgbouncer(setup: BenchSetup, clients: number): Promise<Rounds> {
  await using pgbouncer = await startPgbouncer(setup.pgbouncer!, setup.primary);
  const tables = { ...relayTables(setup.primary), general: { threads: "auto" } };
  await using pgsoak = await startPgsoakProcess({ tables });
  const sample =
    (address: { host: string; port: number }, pid: number) =>
    async (seconds: number): Promise<Sample> => {
      const before = cpuUs(pid);
      const report = await runPgbench({ program: setup.pgbench, address, clients, seconds });
      return { perSecond: report.perSecond, cpuUsPerRequest: (cpuUs(pid) - before) / report.transactions };
    };
  return await interleave(setup, sample(pgbouncer, pgbouncer.pid), sample(pgsoak.proxy, pgsoak.pid!));
}

function cpuFigure(rounds: Rounds): Figure {
  const [bouncer, own] = [rounds.map(({ a }) => a.cpuUsPerRequest), rounds.map(({ b }) => b.cpuUsPerRequest)];
  return {
    name: "relay_cpu_vs_pgbouncer",
    value: spreadOf(rounds.map(({ a, b }) => b.cpuUsPerRequest / a.cpuUsPerRequest)),
    unit: "ratio",
    target: "<= 1.3",
    detail: `${spreadOf(own).median.toFixed(1)} us / ${spreadOf(bouncer).median.toFixed(1)} us a request`,
  };
}

function throughputFigure(rounds: Rounds, clients: number): Figure {
  const [bouncer, own] = [rounds.map(({ a }) => a.perSecond), rounds.map(({ b }) => b.perSecond)];
  return {
    name: `relay_throughput_${clients}_vs_pgbouncer`,
    value: spreadOf(rounds.map(({ a, b }) => b.perSecond / a.perSecond)),
    unit: "ratio",
    target: ">= 1.0",
    detail: `${spreadOf(own).median.toFixed(0)} / ${spreadOf(bouncer).median.toFixed(0)} requests a second`,
  };
}
