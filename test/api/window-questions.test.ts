// Whatever is asked about windows is answered or refused with a parameter that was really given; it never fails.

import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { loadStatementParser } from "../../src/events/statements.ts";
import { BEGIN } from "../projections/watched-log.ts";
import { openWatchedApi } from "./watched-api.ts";

const S = BEGIN / 1_000_000;
const problemSchema = z.object({ code: z.literal("invalid_parameter"), field: z.string() });

beforeAll(loadStatementParser);

const moment = fc.oneof(
  fc.integer({ min: S - 1000, max: S + 1000 }).map(String),
  fc
    .date({ min: new Date("1969-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((d) => d.toISOString()),
  fc.constantFrom("", "0", "1e9", "-1", "2023-02-30T00:00:00Z", "2023-11-14T23:14:00+01:00"),
);
const span = fc.oneof(
  fc.tuple(fc.nat(2000), fc.constantFrom("s", "m", "h", "d", "w", "y", "")).map(([n, unit]) => `${n}${unit}`),
  fc.constantFrom("all", "ALL", "1w2d", "NaN", "99999999999w"),
);
const between = fc.tuple(moment, moment).map(([from, to]) => `${from}..${to}`);
const anything = fc.string({ unit: "grapheme", maxLength: 40 });
const valueOf: Readonly<Record<string, fc.Arbitrary<string>>> = {
  window: span,
  from: moment,
  to: moment,
  step: span,
  a: fc.oneof(span, between),
  b: fc.oneof(span, between),
  sort: fc.constantFrom("errors", "calls", "ratio", "divergences", "latency", "toString"),
  limit: fc.integer({ min: -1, max: 1001 }).map(String),
  format: fc.constantFrom("json", "csv", "text"),
  mirroring: fc.constantFrom("pg18", "pg19", "nobody", "__proto__"),
  database: fc.constantFrom("app", "shop", "nobody"),
};
const OF = {
  "/history": ["window", "from", "to", "step", "mirroring", "database", "format"],
  "/statements": ["window", "from", "to", "sort", "limit", "mirroring", "database"],
  "/compare": ["a", "b", "mirroring", "database"],
} as const;

const parameter = (names: readonly string[]): fc.Arbitrary<[string, string]> => {
  const known = fc.constantFrom(...names).chain((name) => fc.tuple(fc.constant(name), valueOf[name]!));
  const odd = fc.oneof(fc.tuple(fc.constantFrom(...names), anything), fc.tuple(anything, anything));
  return fc.oneof({ weight: 8, arbitrary: known }, { weight: 1, arbitrary: odd });
};

test.each(Object.entries(OF))(
  "%s answers or names the parameter that is wrong",
  { timeout: 120_000 },
  async (path, names) => {
    await using api = await openWatchedApi();
    await fc.assert(
      fc.asyncProperty(fc.array(parameter(names), { maxLength: 4 }), async (given) => {
        const response = await api.get(`${path}?${new URLSearchParams(given).toString()}`);
        const text = await response.text();
        expect([200, 400]).toContain(response.status);
        if (response.status === 200) return;
        const { field } = problemSchema.parse(JSON.parse(text));
        const isMissing = path === "/compare" && (field === "a" || field === "b");
        const wasGiven = given.some(([name]) => name.slice(0, 64) === field);
        expect([field, wasGiven || isMissing]).toEqual([field, true]);
      }),
      { numRuns: 150 },
    );
    expect(api.logged).toEqual([]);
  },
);
