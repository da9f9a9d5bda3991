import * as fc from "fast-check";
import { expect, test } from "vitest";
import { flawlessNeeded, upperBound } from "../../../src/projections/readiness/bounds.ts";

test("the bound is Wilson's one-sided 95 % upper bound", () => {
  // (z²/2 + k + z·sqrt(k(n−k)/n + z²/4)) / (n + z²), worked out by hand.
  expect(upperBound(1, 100)).toBeCloseTo(0.0436, 4);
  expect(upperBound(10, 1000)).toBeCloseTo(0.016658, 5);
  expect(upperBound(50, 100)).toBeCloseTo(0.5811, 3);
});

test("at zero errors the bound is 3/n", () => {
  expect(upperBound(0, 300)).toBe(0.01);
  expect(upperBound(0, 100_000)).toBe(0.00003);
});

test("without a request there is no bound", () => {
  expect(upperBound(0, 0)).toBeNull();
});

const few = fc.integer({ min: 1, max: 20 });
const requests = fc.integer({ min: 1, max: 2_000_000 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

test("the bound is never below the rate, never above 1, and an error more never lowers it", () => {
  fc.assert(
    fc.property(fc.oneof(few, requests), share, (n, part) => {
      const errors = Math.floor(part * (n - 1));
      const bound = upperBound(errors, n)!;
      expect(bound).toBeGreaterThanOrEqual(errors / n);
      expect(bound).toBeLessThanOrEqual(1);
      expect(upperBound(errors + 1, n)).toBeGreaterThanOrEqual(bound);
    }),
  );
});

test("what is needed is enough, and one request less is not", () => {
  const rates = fc.double({ min: 0.0001, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(fc.nat(50), requests, rates, (errors, n, rate) => {
      fc.pre(errors <= n);
      const needed = flawlessNeeded(errors, n, rate)!;
      expect(upperBound(errors, n + needed)).toBeLessThanOrEqual(rate);
      if (needed > 0) expect(upperBound(errors, n + needed - 1)).toBeGreaterThan(rate);
    }),
  );
});

test("no number of requests shows an error rate of 0", () => {
  expect(flawlessNeeded(0, 1000, 0)).toBeNull();
});
