import { expect, test } from "vitest";
import type { MirrorEvent, NewEvent } from "../../src/events/event.ts";
import type { EventNames } from "../../src/projections/event-names.ts";
import { eventJson } from "../../src/projections/event-json.ts";
import { eventText } from "../../src/projections/event-text.ts";
import { countersReset, dropped, runStarted, skipped, unrecorded } from "./facts.ts";

const AT = 1_700_000_000_000_001;
const names: EventNames = {
  lane: (id) => (id === 1 ? { mirroring: "pg18", database: "app" } : null),
  statement: () => null,
};
const placed = (event: NewEvent): MirrorEvent => ({ ...event, seq: 9 });

/** The line behind position, time and kind. */
const words = (event: NewEvent): string =>
  eventText(placed(event), names).replace(/^9 {2}2023-11-14T22:13:20\.000001Z {2}/, "");

test.each<[NewEvent, string]>([
  [dropped(AT), "dropped              pg18/app  request 1, buffer_full"],
  [skipped(AT, 4, { reason: "filter" }), "skipped              pg18/app  4 filter"],
  [{ kind: "run_stopped", at: AT, run: 3 }, "run_stopped          run 3"],
  [
    { kind: "observation_changed", at: AT, mirroring: "pg18", state: "mirror_down", cause: "ECONNREFUSED" },
    "observation_changed  pg18 mirror_down: ECONNREFUSED",
  ],
  [
    unrecorded(AT, { requests: null, cause: "crash" }),
    "unrecorded           pg18/app  an unknown number of requests, crash, 2023-11-14T22:13:20.000001Z to 2023-11-14T22:13:20.000001Z",
  ],
  [
    {
      kind: "epoch_started",
      at: AT,
      mirroring: "pg18",
      what: "server_version",
      before: "17",
      after: "18",
      who: "pgsoak",
    },
    "epoch_started        pg18, server_version: 17 -> 18 (pgsoak)",
  ],
  [{ kind: "marked", at: AT, text: "index\nbuilt", who: "dba" }, "marked               index built (dba)"],
  [countersReset(AT), "counters_reset       by a test"],
  [
    runStarted(AT, { mirrorings: [{ name: "pg18", settings: {}, exposure: 1 }], metricsEnabled: false }),
    "run_started          run 1, version 0.0.0, host h, configuration c, mirrorings pg18, nothing is recorded",
  ],
  [
    { kind: "epoch_started", at: AT, mirroring: null, what: "restored anew", before: "", after: "", who: "ann" },
    "epoch_started        all mirrorings, restored anew (ann)",
  ],
  [
    { kind: "mirror_seen", at: AT, mirroring: "pg18", database: "app", facts: { lc_collate: "C", encoding: "UTF8" } },
    "mirror_seen          pg18/app: lc_collate C, encoding UTF8",
  ],
  [{ kind: "idled", at: AT }, "idled                nothing to record"],
])("an event of kind $kind is one line of words", (event, line) => {
  expect(words(event)).toBe(line);
});

test("characters that steer a terminal or turn the writing direction are shown, not obeyed", () => {
  const event: NewEvent = { kind: "marked", at: AT, text: "a\u001b]0;x\u0007b\u202ec", who: "x" };
  expect(words(event)).toBe("marked               a\\u{1b}]0;x\\u{7}b\\u{202e}c (x)");
});

test("JSON has snake_case names, and null for what has no name", () => {
  expect(eventJson(placed(runStarted(AT)), names)).toEqual({
    seq: 9,
    at: "2023-11-14T22:13:20.000001Z",
    kind: "run_started",
    run: 1,
    version: "0.0.0",
    host: "h",
    config_hash: "c",
    mirrorings: [],
    metrics_enabled: true,
  });
  expect(eventJson(placed(dropped(AT, { lane: 5 })), names)).toMatchObject({
    mirroring: null,
    database: null,
    statement: null,
    fingerprint: null,
    was_queued: false,
  });
});
