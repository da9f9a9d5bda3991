import { expect, test } from "vitest";
import { createLedgerBalance, NO_LANE } from "../../src/projections/ledger-balance.ts";
import {
  countersReset,
  dropped,
  errored,
  mirrored,
  queued,
  runStarted,
  skipped,
  tallied,
  unrecorded,
} from "./facts.ts";
import { given } from "./given.ts";

const TABLE = "ledger_balance";

test("a lane's balance counts every outcome once, with its error type and parity", async () => {
  using log = await given(
    createLedgerBalance(),
    queued(1),
    queued(2, { request: 2 }),
    mirrored(3, { parity: "different_rows" }),
    errored(4, { request: 2, category: "timeout" }),
    dropped(5, { request: 3 }),
    skipped(6, 4),
    unrecorded(7, { requests: 2 }),
    tallied(8, 9),
  );
  expect(log.rows(TABLE)[1]).toMatchObject({
    seen: 9,
    skipped: 4,
    selected: 3,
    mirrored: 1,
    errored: 1,
    dropped: 1,
    unrecorded: 2,
    errors_timeout: 1,
    errors_buffer_full: 1,
    parity_different_rows: 1,
    since: 1,
  });
});

test("a reset changes nothing", async () => {
  using log = await given(createLedgerBalance(), runStarted(1), queued(2), tallied(2, 1));
  const before = log.rows(TABLE);

  log.when(countersReset(3));
  expect(log.rows(TABLE)).toEqual(before);
});

test("the log began with its first run, and stays begun", async () => {
  using log = await given(createLedgerBalance(), runStarted(100));
  log.when(runStarted(900));
  expect(log.rows(TABLE)[NO_LANE]).toMatchObject({ since: 100 });
});

test("a loss that belongs to no known lane is kept apart", async () => {
  using log = await given(createLedgerBalance(), unrecorded(5, { lane: null, requests: 3 }));
  expect(log.rows(TABLE)).toMatchObject({ [NO_LANE]: { unrecorded: 3, seen: 0 } });
});
