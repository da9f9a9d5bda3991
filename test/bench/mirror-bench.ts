// What mirroring costs the primary path, at a fixed rate: recording on against off, and a hung mirror against none.

import { statsJsonSchema } from "../../src/projections/stats-json.ts";
import { type ConfigTables, mirrorTables, relayTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { type BenchSetup, type Experiment, interleave } from "./bench-setup.ts";
import { runPgbench } from "./pgbench.ts";
import { cpuUs } from "../../src/bench/process-cpu.ts";
import { quantileOf, spreadOf } from "../../src/bench/spread.ts";

const CLIENTS = 8;
/** Requests a second: well below what the machine can do, or the two sides would be measured at different loads. */
const RATE = 4000;

interface Sample {
  readonly cpuUsPerRequest: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

function sampler(setup: BenchSetup, pgsoak: PgsoakProcess): (seconds: number) => Promise<Sample> {
  const pid = pgsoak.pid!;
  return async (seconds) => {
    const before = cpuUs(pid);
    const load = { program: setup.pgbench, address: pgsoak.proxy, clients: CLIENTS, seconds, rate: RATE };
    const { transactions, latenciesUs } = await runPgbench(load);
    return {
      cpuUsPerRequest: (cpuUs(pid) - before) / transactions,
      p50Us: quantileOf(latenciesUs, 0.5),
      p99Us: quantileOf(latenciesUs, 0.99),
    };
  };
}

/** Mirrors everything on both sides; one of them keeps the books. */
export const recording: Experiment = {
  name: "recording",
  figures: ["recording_cpu_on_vs_off", "recording_median_latency_on_vs_off"],
  needs: ["pgbench"],
  run: async (setup) => {
    const tables = mirrorTables(setup.primary, setup.mirror);
    await using off = await startPgsoakProcess({ tables: withMetrics(tables, false) });
    await using on = await startPgsoakProcess({ tables: withMetrics(tables, true) });
    const rounds = await interleave(setup, sampler(setup, off), sampler(setup, on));
    const detail = `${RATE} requests a second, ${await mirroredShare(on)}`;
    return [
      {
        name: "recording_cpu_on_vs_off",
        value: spreadOf(rounds.map(({ a, b }) => b.cpuUsPerRequest / a.cpuUsPerRequest)),
        unit: "ratio",
        target: "<= 1.03, then <= 1.01",
        detail: `${spreadOf(rounds.map(({ b }) => b.cpuUsPerRequest)).median.toFixed(1)} us a request, ${detail}`,
      },
      {
        name: "recording_median_latency_on_vs_off",
        value: spreadOf(rounds.map(({ a, b }) => b.p50Us / a.p50Us)),
        unit: "ratio",
        target: "<= 1.01",
        detail: `${spreadOf(rounds.map(({ b }) => b.p50Us)).median.toFixed(0)} us, ${detail}`,
      },
    ];
  },
};

/** The mirror's processes are stopped while its port still accepts; last, because they stay so. */
export const hungMirror: Experiment = {
  name: "hung-mirror",
  figures: ["hung_mirror_p99_latency_vs_none"],
  needs: ["pgbench"],
  run: async (setup) => {
    await using none = await startPgsoakProcess({ tables: relayTables(setup.primary) });
    await using hung = await startPgsoakProcess({ tables: mirrorTables(setup.primary, setup.mirror) });
    setup.mirror.suspend();
    try {
      const rounds = await interleave(setup, sampler(setup, none), sampler(setup, hung));
      return [
        {
          name: "hung_mirror_p99_latency_vs_none",
          value: spreadOf(rounds.map(({ a, b }) => b.p99Us / a.p99Us)),
          unit: "ratio",
          target: "<= 1.05",
          detail: `${spreadOf(rounds.map(({ b }) => b.p99Us)).median.toFixed(0)} us, ${RATE} requests a second`,
        },
      ];
    } finally {
      setup.mirror.resume();
    }
  },
};

function withMetrics(tables: ConfigTables, enabled: boolean): ConfigTables {
  return { ...tables, general: { ...tables.general, mirror_metrics_enabled: enabled } };
}

/** A mirror that can't keep up would make the comparison one of dropping. */
async function mirroredShare(pgsoak: PgsoakProcess): Promise<string> {
  const answer = await fetch(pgsoak.api("/stats"));
  const { total } = statsJsonSchema.parse(await answer.json());
  return `${((total.requests_mirrored / total.requests_total) * 100).toFixed(1)} % of them mirrored`;
}
