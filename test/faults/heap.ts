// How much memory is really in use: what nobody holds any more is collected first.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes that live objects and buffers take, after a collection. */
export async function liveBytes(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collect();
    // Finalisers and closing handles let go of more in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
