// A process that opens the log at its first argument as the writer, says so and waits to be killed.

import { EventLog } from "../../src/events/event-log.ts";

try {
  const log = await EventLog.open({ path: process.argv[2]!, folds: [] });
  process.stdout.write(`opened at ${log.lastSeq}\n`);
  process.stdin.resume();
  process.stdin.once("end", () => log.close());
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
