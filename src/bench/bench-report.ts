// The figures of a bench: each is made within a round, where all ways had the same machine, and told as the median of the
// rounds with the least and the most.

import { type BenchResult, type Measurement, type Way } from "./bench.ts";
import { type Machine, machineText } from "./machine.ts";
import { type Spread, spreadOf } from "./spread.ts";

type Round = Readonly<Record<Way, Measurement>>;

export interface BenchFigure {
  readonly name: string;
  /** `/s`, `ms`, `µs`, or "" for a ratio. */
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface BenchReport {
  readonly version: string;
  readonly machine: Machine;
  readonly settings: {
    readonly clients: number;
    readonly rounds: number;
    readonly seconds: number;
    readonly rate: number;
  };
  readonly figures: readonly BenchFigure[];
}

const MEASURES: readonly [name: string, unit: string, of: (measured: Measurement) => number][] = [
  ["throughput", "/s", ({ perSecond }) => perSecond],
  ["median latency", "ms", ({ medianMs }) => medianMs],
  ["p95 latency", "ms", ({ p95Ms }) => p95Ms],
  ["p99 latency", "ms", ({ p99Ms }) => p99Ms],
];
/** Each against the one before which nothing of it would be paid. */
const SERVED: readonly Exclude<Way, "direct">[] = ["relay", "mirrored", "hung"];

/** What can't be said is left out: processor time where the system doesn't tell. */
export function benchFigures({ rounds }: BenchResult): BenchFigure[] {
  return [
    ...MEASURES.map(([name, unit, of]) =>
      figure(
        `direct: ${name}`,
        unit,
        rounds.map(({ direct }) => of(direct)),
      ),
    ),
    ...SERVED.flatMap((way) => [
      ...MEASURES.map(([name, , of]) =>
        figure(
          `${way} ÷ direct: ${name}`,
          "",
          rounds.map((round) => of(round[way]) / of(round.direct)),
        ),
      ),
      ...cpuFigures(way, rounds),
    ]),
    ...shareFigures(rounds),
  ];
}

const figure = (name: string, unit: string, values: readonly number[]): BenchFigure => {
  const { median, min, max }: Spread = spreadOf(values);
  return { name, unit, median, min, max };
};

function cpuFigures(way: Exclude<Way, "direct">, rounds: readonly Round[]): BenchFigure[] {
  const cpuOf = (of: Way): number[] => rounds.flatMap((round) => round[of].cpuUs ?? []);
  const [own, relay] = [cpuOf(way), cpuOf("relay")];
  if (own.length !== rounds.length || relay.some((us) => us === 0)) return [];
  const absolute = figure(`${way}: CPU per request`, "µs", own);
  return way === "relay"
    ? [absolute]
    : [
        absolute,
        figure(
          `${way} ÷ relay: CPU per request`,
          "",
          own.map((us, at) => us / relay[at]!),
        ),
      ];
}

function shareFigures(rounds: readonly Round[]): BenchFigure[] {
  const shares = rounds.flatMap(({ mirrored }) => mirrored.mirroredShare ?? []);
  return shares.length === 0 ? [] : [figure("mirrored: share that the mirror finished", "", shares)];
}

const number = (value: number): string => {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
};

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

export function benchReportText({ version, machine, settings, figures }: BenchReport): string {
  const { clients, rounds, seconds, rate } = settings;
  const width = Math.max(...figures.map(({ name }) => name.length));
  const lines = figures.map(({ name, unit, median, min, max }) => {
    const value = `${number(median)}${unit === "/s" ? "/s" : unit === "" ? "" : ` ${unit}`}`;
    return `${name.padEnd(width)}  ${value.padStart(10)}  (${number(min)} to ${number(max)})`;
  });
  return [
    `pgsoak ${version} on ${machineText(machine)}`,
    `${counted(clients, "client")}, ${counted(rounds, "round")} of ${seconds} s each way; latencies at ${number(rate)} requests/s; the median of the rounds (least to most)`,
    "",
    ...lines,
    "",
  ].join("\n");
}
