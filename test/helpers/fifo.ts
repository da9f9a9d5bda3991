// A FIFO, at which a thread that reads waits in the kernel, as at a disk that hangs: nothing ends it but the other end.

import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";

export interface Fifo extends Disposable {
  /** Lets everybody go who waits at it, and whoever comes later. */
  release(): void;
}

export function createFifo(path: string): Fifo {
  execFileSync("mkfifo", [path]);
  let isThere = true;
  const release = (): void => {
    if (!isThere) return;
    isThere = false;
    // For both directions: it is opened at once, whether or not anybody waits (fifo(7)).
    const end = openSync(path, constants.O_RDWR);
    rmSync(path);
    closeSync(end);
  };
  return { release, [Symbol.dispose]: release };
}
