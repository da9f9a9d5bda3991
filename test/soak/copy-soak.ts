// COPY of gigabytes through pgsoak, as the test of the same name does it with less: node test/soak/copy-soak.ts
// --gigabytes 2. Prints how fast each went and how much the process grew; exits 1 when anything was not as it must be.

import { parseArgs } from "node:util";
import { textTable } from "../../src/projections/text-table.ts";
import { columns } from "./columns.ts";
import { CopyRig, MIB } from "./copy-rig.ts";
import { breaches, COPY_SCENARIOS } from "./copy-scenarios.ts";

const { values } = parseArgs({ options: { gigabytes: { type: "string", default: "2" } } });
const bytes = Number(values.gigabytes) * 1024 * MIB;

const lines: string[][] = [];
for (const throughNetwork of [false, true]) {
  await using rig = await CopyRig.start({ throughNetwork });
  for (const scenario of COPY_SCENARIOS.filter((one) => one.throughNetwork === throughNetwork)) {
    const [{ ms, grownBytes }, found] = await breaches(scenario, rig, bytes);
    const speed = `${Math.round(bytes / MIB / (ms / 1000))} MiB/s`;
    lines.push([scenario.rule, found.join("; ") || "so", speed, `${Math.round(grownBytes / MIB)} MiB`]);
    if (found.length > 0) process.exitCode = 1;
  }
}
console.log(textTable(columns("COPY", "is that so", "speed", "grown"), lines));
