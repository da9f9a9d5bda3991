// Entry of the thread that checks the log after a start. It takes its time: what clients and the recorder need comes first.

import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, PgsoakError } from "./errors.ts";
import { checkLogInSteps } from "./events/check-log.ts";
import { openDatabase } from "./events/database.ts";
import type { LogCheckResult, LogCheckThreadData } from "./service/log-check.ts";

/** It rests this many times as long as each step took: a fifth of one core at most. */
const RESTS = 4;

async function checkSlowly(path: string): Promise<LogCheckResult> {
  const db = openDatabase(path, { readonly: true });
  try {
    const steps = checkLogInSteps(db);
    for (;;) {
      const startedMs = performance.now();
      const step = steps.next();
      if (step.done === true) return { type: "checked", report: step.value };
      await sleep((performance.now() - startedMs) * RESTS);
    }
  } catch (error) {
    const isDamage = error instanceof PgsoakError && error.code === "log_damaged";
    if (isDamage) return { type: "checked", report: { events: 0, findings: [error.message] } };
    return { type: "failed", cause: messageOf(error) };
  } finally {
    db.close();
  }
}

const data: LogCheckThreadData = workerData;
parentPort?.postMessage(await checkSlowly(data.path));
