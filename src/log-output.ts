// Where the process's log goes: each line is written at once, so that none is lost when the process ends. One that can't be
// written is lost, counted and said later: clients may not lose their connections to a full disk below a log file.

import { writeSync } from "node:fs";
import type { DestinationStream } from "pino";

const LINE_FEED = 0x0a;
/** A reader that is behind (EAGAIN) is waited for this often, this long each; while lines are being lost, not at all. */
const ATTEMPTS_MAX = 10;
const PAUSE_MS = 10;

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

const isAgain = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EAGAIN";

/** Lines to a file descriptor, by default standard output. Never throws. */
export function createLogOutput(fd = 1): DestinationStream {
  let lost = 0;
  /** The last that was written is a part of a line. */
  let isTorn = false;

  /** Whether all of it was written. */
  function isWritten(text: string): boolean {
    const bytes = Buffer.from(isTorn ? `\n${text}` : text);
    let written = 0;
    let attempts = lost === 0 ? 0 : ATTEMPTS_MAX;
    while (written < bytes.length) {
      try {
        written += writeSync(fd, bytes, written);
      } catch (error) {
        if (!isAgain(error) || attempts++ >= ATTEMPTS_MAX) break;
        pause();
      }
    }
    if (written > 0) isTorn = bytes[written - 1] !== LINE_FEED;
    return written === bytes.length;
  }

  return {
    write: (line) => {
      if (lost > 0 && !isWritten(lossLine(lost))) {
        lost++;
        return;
      }
      lost = isWritten(line) ? 0 : 1;
    },
  };
}

function lossLine(lost: number): string {
  const fields = { level: "warn", time: new Date().toISOString(), lost, msg: "lines of this log could not be written" };
  return `${JSON.stringify(fields)}\n`;
}
