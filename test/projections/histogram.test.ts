import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram } from "../../src/projections/histogram.ts";

const RELATIVE_ERROR_MAX = 0.011;

/** Latencies of all magnitudes, from 0 to more than an hour. */
const sample = fc.oneof(
  fc.nat(100),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.double({ min: 0, max: 32, noNaN: true }).map((exponent) => Math.min(2 ** 32 - 1, Math.floor(2 ** exponent))),
  fc.nat(31).map((exponent) => 2 ** exponent),
);
const samples = fc.array(sample, { maxLength: 300 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

function decoded(bytes: Uint8Array): Histogram {
  const histogram = new Histogram();
  histogram.mergeEncoded(bytes);
  return histogram;
}

test("every quantile is within 1.1 % of the exact one of the samples", () => {
  fc.assert(
    fc.property(
      fc.array(sample, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
        const estimate = histogramOf(values).quantile(q)!;
        expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR_MAX);
      },
    ),
    { numRuns: 500 },
  );
});

test("every bucket's edges are within 1.1 %, over the whole range", () => {
  for (let exponent = 0; exponent < 32; exponent += 1 / 256) {
    for (const value of [Math.floor(2 ** exponent), Math.ceil(2 ** exponent)]) {
      const us = Math.min(2 ** 32 - 1, value);
      expect(Math.abs(histogramOf([us]).quantile(1)! - us)).toBeLessThanOrEqual(us * RELATIVE_ERROR_MAX);
    }
  }
});

test("small latencies are exact", () => {
  for (let us = 0; us <= 45; us++) expect(histogramOf([us]).quantile(0.5)).toBe(us);
});

test("without a sample there is no quantile", () => {
  expect(new Histogram().quantile(0.5)).toBeNull();
  expect(new Histogram().count).toBe(0);
  expect(new Histogram().encode()).toHaveLength(0);
});

test("merging is adding: of two halves, in either order, encoded or not", () => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const whole = histogramOf([...a, ...b]).encode();
      const left = histogramOf(a);
      left.merge(histogramOf(b));
      expect(left.encode()).toEqual(whole);
      const right = decoded(histogramOf(b).encode());
      right.mergeEncoded(histogramOf(a).encode());
      expect(right.encode()).toEqual(whole);
      expect(right.count).toBe(a.length + b.length);
    }),
  );
});

test("counts beyond any cell's size are kept", () => {
  const histogram = histogramOf([1000]);
  for (let doubling = 0; doubling < 45; doubling++) histogram.mergeEncoded(histogram.encode());
  expect(histogram.count).toBe(2 ** 45);
  expect(decoded(histogram.encode()).count).toBe(2 ** 45);
});

test("a latency beyond the range counts as the longest", () => {
  expect(histogramOf([2 ** 40]).encode()).toEqual(histogramOf([2 ** 32 - 1]).encode());
});

test("the samples up to a latency are counted by whole buckets", () => {
  const histogram = histogramOf([0, 10, 1000, 100_000]);
  expect([-1, 0, 10, 950, 1100, 1e9].map((us) => histogram.countUpTo(us))).toEqual([0, 1, 2, 2, 3, 4]);
});

test("bytes that are no histogram are refused", () => {
  expect(() => decoded(Uint8Array.of(5))).toThrow(RangeError);
  expect(() => decoded(Uint8Array.of(5, 128))).toThrow(RangeError);
  expect(() => decoded(Uint8Array.of(255, 127, 1))).toThrow(RangeError);
});

test("a cleared histogram is as good as new", () => {
  const histogram = histogramOf([1, 1000, 100_000]);
  histogram.clear();
  histogram.add(7);
  expect(histogram.encode()).toEqual(histogramOf([7]).encode());
});

test("encoded histograms in a row, with two zero bytes in between, add up", () => {
  fc.assert(
    fc.property(fc.array(samples, { maxLength: 5 }), (parts) => {
      const encoded = parts.map((values) => [...histogramOf(values).encode()]);
      const row = encoded.flatMap((bytes, index) => (index === 0 ? bytes : [0, 0, ...bytes]));
      expect(decoded(Uint8Array.from(row)).encode()).toEqual(histogramOf(parts.flat()).encode());
    }),
  );
});
