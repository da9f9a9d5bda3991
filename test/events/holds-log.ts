// A process that opens the log at its first argument as the writer, says so and waits to be killed or for the end of its
// input. With a second argument it becomes that user first.

import Sqlite from "better-sqlite3";
import { EventLog } from "../../src/events/event-log.ts";

const [, , path, uid] = process.argv;
if (uid !== undefined) {
  // The native module is loaded by its first use, and the other user may not be able to read it.
  new Sqlite(":memory:").close();
  process.setuid!(Number(uid));
}
try {
  const log = await EventLog.open({ path: path!, folds: [] });
  process.stdout.write(`opened at ${log.lastSeq}\n`);
  process.stdin.resume();
  process.stdin.once("end", () => log.close());
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
