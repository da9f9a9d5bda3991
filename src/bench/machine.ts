// On which machine something was measured: figures without it can't be compared with anything.

import { availableParallelism, cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly cpus: number;
  readonly model: string;
  readonly memory_bytes: number;
  readonly system: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  return {
    cpus: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? "unknown processor",
    memory_bytes: totalmem(),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
  };
}

const GIB = 1024 ** 3;

export function machineText({ cpus: count, model, memory_bytes: bytes, system, node }: Machine): string {
  return `${count} × ${model}, ${(bytes / GIB).toFixed(1)} GiB, ${system}, Node.js ${node}`;
}
