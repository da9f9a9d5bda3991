// An event log in a folder of its own with a writer on it, and the command line to run against it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { EventLog } from "../../src/events/event-log.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";

export interface LogFixture extends Disposable {
  readonly folder: string;
  readonly path: string;
  readonly log: EventLog;
}

export async function openLogFixture(): Promise<LogFixture> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-cli-"));
  const path = join(folder, "pgsoak.db");
  const folds = [new OpenRequests(), ...createProjections()];
  const log = await EventLog.open({ path, folds });
  return {
    folder,
    path,
    log,
    [Symbol.dispose]: () => {
      log.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line inside this process. */
export async function run(...argv: string[]): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const code = await runProgram(argv, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env: {},
  });
  return { code, stdout, stderr };
}
