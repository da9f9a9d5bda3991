import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseWindow, WindowError, type WindowQuery } from "../../src/projections/window.ts";

const HOUR = 3_600_000_000;
const NOW = Date.UTC(2026, 10, 21, 8) * 1000;
const bounds = { now: NOW, since: NOW - 50 * HOUR };
const parse = (query: WindowQuery): unknown => parseWindow(query, bounds);

function refusal(query: WindowQuery): WindowError {
  try {
    parseWindow(query, bounds);
  } catch (error) {
    if (error instanceof WindowError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(query)} was taken`);
}

test("spans reach back from now, all reaches back to the beginning and is what nothing means", () => {
  expect(parse({ window: "30s" })).toEqual({ from: NOW - HOUR / 120, to: NOW });
  expect(parse({ window: "15m" })).toEqual({ from: NOW - HOUR / 4, to: NOW });
  expect(parse({ window: "24h" })).toEqual({ from: NOW - 24 * HOUR, to: NOW });
  expect(parse({ window: "7d" })).toEqual({ from: NOW - 168 * HOUR, to: NOW });
  expect(parse({ window: "2w" })).toEqual({ from: NOW - 336 * HOUR, to: NOW });
  expect(parse({ window: "all" })).toEqual({ from: bounds.since, to: NOW });
  expect(parse({})).toEqual({ from: bounds.since, to: NOW });
  expect(parseWindow({}, { now: NOW, since: null })).toEqual({ from: NOW, to: NOW });
});

test.each([
  ["2026-11-21T07:00:00Z", NOW - HOUR],
  ["2026-11-21T08:00:00+01:00", NOW - HOUR],
  ["2026-11-21T08:00:00 01:00", NOW - HOUR],
  ["2026-11-21t01:30:00-05:30", NOW - HOUR],
  ["2026-11-21 07:00:00.123456789Z", NOW - HOUR + 123_456],
  ["2026-11-21T06:59:60Z", NOW - HOUR],
  [String((NOW - HOUR) / 1e6), NOW - HOUR],
  [`${(NOW - HOUR) / 1e6}.25`, NOW - HOUR + 250_000],
  ["0", 0],
])("%s is a moment", (from, us) => {
  expect(parse({ from })).toEqual({ from: us, to: NOW });
});

test("from or to may be absent: the beginning of all, or now", () => {
  expect(parse({ to: "2026-11-20T08:00:00Z" })).toEqual({ from: bounds.since, to: NOW - 24 * HOUR });
  expect(parse({ from: "2026-11-20T08:00:00Z", to: "2030-01-01T00:00:00Z" })).toMatchObject({ from: NOW - 24 * HOUR });
});

test.each([
  ["window", ""],
  ["window", "0s"],
  ["window", "-5m"],
  ["window", "24"],
  ["window", "1.5h"],
  ["window", "NaN"],
  ["window", "24H"],
  ["window", "1y"],
  ["window", "99999999999w"],
  ["window", "9".repeat(3000)],
  ["window", "🕐"],
  ["window", "'; drop table event; --"],
  ["from", ""],
  ["from", "yesterday"],
  ["from", "NaN"],
  ["from", "-1"],
  ["from", "1e9"],
  ["from", "Infinity"],
  ["from", "999999999999"],
  ["from", "2026-02-30T00:00:00Z"],
  ["from", "2026-13-01T00:00:00Z"],
  ["from", "2026-01-01T24:00:00Z"],
  ["from", "2026-01-01T00:00:00"],
  ["from", "2026-01-01"],
  ["from", "1969-12-31T00:00:00Z"],
  ["to", "2026-01-01T00:00:00+25:00"],
])("%s=%s is refused with the field, a value that is not endless, and what was expected", (field, value) => {
  const error = refusal({ [field]: value });
  expect(error).toMatchObject({ code: "window_invalid", field });
  expect(error.expected).not.toBe("");
  expect(error.message.length).toBeLessThan(250);
});

test("repeated fields, mixed fields, empty and reversed windows are refused", () => {
  expect(refusal({ window: ["1h", "2h"] })).toMatchObject({ field: "window", expected: "given once" });
  expect(refusal({ from: ["1", "2"] }).field).toBe("from");
  expect(refusal({ window: "1h", from: "0" }).field).toBe("window");
  expect(refusal({ from: "100", to: "100" }).message).toBe('from is "100", but must be earlier than to.');
  expect(refusal({ from: "200", to: "100" }).field).toBe("from");
  expect(refusal({ from: "2030-01-01T00:00:00Z" })).toMatchObject({ field: "from", expected: "in the past" });
  expect(refusal({ to: "100" }).field).toBe("to");
  expect(parse({ window: ["1h"], from: undefined, to: [] })).toEqual({ from: NOW - HOUR, to: NOW });
});

test("any text is either a window from before to, or refused", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[0-9TZ:.+\- smhdw]{0,30}$/));
  fc.assert(
    fc.property(fc.record({ window: text, from: text, to: text }, { requiredKeys: [] }), (query) => {
      try {
        const { from, to } = parseWindow(query, bounds);
        expect(from).toBeLessThan(to);
        expect(Number.isSafeInteger(from) && Number.isSafeInteger(to)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(WindowError);
      }
    }),
    { numRuns: 500 },
  );
});
