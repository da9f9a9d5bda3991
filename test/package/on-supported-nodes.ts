// The installed package on each Node.js that it supports, demo included. Too slow for the tests: .ci/run has it as a step
// of its own. The last line is `passed N failed M`.
//
//   node test/package/on-supported-nodes.ts

import { join } from "node:path";
import { InstalledPackage } from "./installed-package.ts";

/** The first that `engines` allows, and the one that everything else is tested with. */
const NODES = [
  ["node-24", `npm:node-linux-${process.arch}@24.11.0`],
  ["node-26", `npm:node-linux-${process.arch}@26.10.0`],
] as const;

using installed = new InstalledPackage();
installed.install(...NODES.map(([name, spec]) => `${name}@${spec}`));

let failed = 0;
let passed = 0;
function report(what: string, isGood: boolean, why: string): void {
  process.stdout.write(`${isGood ? "ok    " : "FAILED"}  ${what}${isGood ? "" : `\n${why}`}\n`);
  if (isGood) passed++;
  else failed++;
}

for (const [name] of NODES) {
  const node = join(installed.package(name), "bin/node");
  const served = await installed.serveOnce("/healthz", node);
  report(`${name}: serve`, served.code === 0 && served.answer.includes('"status":"ok"'), JSON.stringify(served));
  for (const args of [["--version"], ["check"], ["demo", "--seconds", "2"]]) {
    const { code, stdout, stderr } = installed.run(args, node);
    report(`${name}: ${args.join(" ")}`, code === 0 && stdout !== "", `exit ${code}\n${stdout}${stderr}`);
  }
}
process.stdout.write(`passed ${passed} failed ${failed}\n`);
process.exitCode = failed === 0 ? 0 : 1;
