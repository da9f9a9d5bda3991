import { expect, test } from "vitest";
import { closeLastRun } from "../../src/events/recovery.ts";
import { tallied } from "../projections/facts.ts";

const open = [
  { request: 65, seq: 3, lane: 2, statement: 7 },
  { request: 128, seq: 4, lane: 1, statement: 0 },
];

test("a log without events, and a run that ended well, leave nothing to say", () => {
  expect(closeLastRun(null, [], 9)).toEqual([]);
  expect(closeLastRun({ kind: "run_stopped", seq: 5, at: 5, run: 1 }, [], 9)).toEqual([]);
});

test("after a crash the gap is recorded and open requests end as interrupted", () => {
  expect(closeLastRun({ ...tallied(5, 1), seq: 5 }, open, 9)).toEqual([
    { kind: "unrecorded", at: 9, lane: null, from: 5, to: 9, requests: null, cause: "crash" },
    { kind: "dropped", at: 9, request: 65, lane: 2, statement: 7, reason: "interrupted", wasQueued: true },
    { kind: "dropped", at: 9, request: 128, lane: 1, statement: 0, reason: "interrupted", wasQueued: true },
  ]);
});

test("what a thread left open that hung while its process stopped ends as interrupted, without a gap", () => {
  const stopped = { kind: "run_stopped", seq: 5, at: 5, run: 1 } as const;
  expect(closeLastRun(stopped, open, 9)).toMatchObject([
    { kind: "dropped", request: 65, reason: "interrupted" },
    { kind: "dropped", request: 128, reason: "interrupted" },
  ]);
});

test("a clock that went back in the meantime does not turn the gap around", () => {
  const [gap] = closeLastRun({ ...tallied(5000, 1), seq: 5 }, [], 9);
  expect(gap).toMatchObject({ at: 9, from: 9, to: 9 });
});
