// A process that appends three batches to the log at its first argument, then dies by SIGKILL at one step of a fourth:
// its second argument is the SQL of a trigger's occasion, or `committed` for the moment behind the commit.

import { EventLog } from "../../src/events/event-log.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { mirrored, queued, tallied } from "../projections/facts.ts";
import { SEAL_EVENTS } from "./commit-steps.ts";

const [, , path, occasion] = process.argv;
const die = (): number => {
  process.kill(process.pid, "SIGKILL");
  return 0;
};

const folds = [new OpenRequests(), ...createProjections()];
const log = await EventLog.open({ path: path!, folds, sealEvents: SEAL_EVENTS });
log.db.function("die", { deterministic: false }, die);
for (let batch = 1; batch <= 4; batch++) {
  if (batch === 4 && occasion !== "committed") {
    log.db.exec(`create temp trigger step ${occasion} begin select die(); end`);
  }
  const lane = log.lanes.register("candidate", `db${batch}`);
  log.appendBatch([
    queued(batch, { lane, request: batch }),
    queued(batch, { lane, request: 100 + batch }),
    mirrored(batch, { lane, request: batch }),
    tallied(batch, 2, { lane }),
  ]);
  process.stdout.write(`${log.lastSeq}\n`);
}
die();
