// COPY of more than memory may hold, in both directions, beside a mirror that lives, hangs or crawls: what the mirror must
// have made of it, and how much pgsoak may have grown meanwhile.

import type { BulkClient } from "./bulk-copy.ts";
import { type CopyReport, type CopyRig, MIB } from "./copy-rig.ts";

export interface CopyScenario {
  /** What must be so. */
  readonly rule: string;
  /** The mirror is reached through something that can be throttled. */
  readonly throughNetwork: boolean;
  readonly run: (rig: CopyRig, client: BulkClient, bytes: number) => Promise<CopyReport>;
  /** How the COPY ends on the mirror. */
  readonly end: string;
  /** Whether a COPY FROM leaves its rows on the mirror too; null for a COPY TO. */
  readonly isOnMirror: boolean | null;
}

export const COPY_SCENARIOS: readonly CopyScenario[] = [
  {
    rule: "in, no faster than the mirror: both sides get every row",
    throughNetwork: false,
    run: (rig, client, bytes) => rig.copyIn(client, bytes, { patient: true }),
    end: "match",
    isOnMirror: true,
  },
  {
    rule: "out: both sides give the same rows",
    throughNetwork: false,
    run: (rig, client, bytes) => rig.copyOut(client, bytes),
    end: "match",
    isOnMirror: null,
  },
  {
    rule: "in, while the mirror hangs: the primary gets every row, the mirror loses that request alone",
    throughNetwork: false,
    run: (rig, client, bytes) => hung(rig, () => rig.copyIn(client, bytes)),
    end: "buffer_full",
    isOnMirror: false,
  },
  {
    rule: "out, while the mirror hangs: the client gets every row, the mirror loses that request alone",
    throughNetwork: false,
    run: (rig, client, bytes) => hung(rig, () => rig.copyOut(client, bytes)),
    end: "timeout",
    isOnMirror: null,
  },
  {
    rule: "in, while the mirror crawls: the primary gets every row, the mirror loses that request alone",
    throughNetwork: true,
    run: (rig, client, bytes) => throttled(rig, 4 * MIB, () => rig.copyIn(client, bytes)),
    end: "buffer_full",
    isOnMirror: false,
  },
  {
    rule: "out, while the mirror crawls: the client need not wait, and what moves on is no timeout",
    throughNetwork: true,
    // Slow while the client is served; then it may run, so that the rest doesn't take all day.
    run: (rig, client, bytes) => throttled(rig, 16 * MIB, () => rig.copyOut(client, bytes)),
    end: "match",
    isOnMirror: null,
  },
];

/** What was not as the scenario has it; nothing when all is well. */
export async function breaches(scenario: CopyScenario, rig: CopyRig, bytes: number): Promise<[CopyReport, string[]]> {
  const found: string[] = [];
  await using client = await rig.login();
  await rig.ask(client);
  await rig.ends();
  const report = await scenario.run(rig, client, bytes);
  await rig.ask(client);
  const ends = (await rig.ends()).slice(-3).join(", ");
  if (ends !== `match, ${scenario.end}, match`) found.push(`the requests ended ${ends}`);
  const { primary, mirror } = await rig.rows();
  if (scenario.isOnMirror !== null && primary !== report.rows) found.push(`the primary has ${primary} rows`);
  if (scenario.isOnMirror !== null && mirror !== (scenario.isOnMirror ? report.rows : 0)) {
    found.push(`the mirror has ${mirror} rows`);
  }
  if (report.grownBytes > rig.grownBytesMax) found.push(`memory grew by ${Math.round(report.grownBytes / MIB)} MiB`);
  return [report, found];
}

/** The mirror hangs until its end of the request is known. */
async function hung(rig: CopyRig, copy: () => Promise<CopyReport>): Promise<CopyReport> {
  rig.mirror.suspend();
  try {
    const report = await copy();
    await rig.ends();
    return report;
  } finally {
    rig.mirror.resume();
  }
}

async function throttled(rig: CopyRig, bytesPerSecond: number, copy: () => Promise<CopyReport>): Promise<CopyReport> {
  rig.throttle(bytesPerSecond);
  const report = await copy();
  rig.throttle(Infinity);
  return report;
}
