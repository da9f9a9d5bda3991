import { describe, expect, test } from "vitest";
import { RecentMean } from "../../src/service/recent-mean.ts";

describe("the mean of the last minute", () => {
  test("is of what was added in it, not of all there ever was", () => {
    const mean = new RecentMean(60_000);
    expect(mean.take({ atMs: 0, sum: 1_000_000, count: 10 })).toBeNull();
    expect(mean.take({ atMs: 30_000, sum: 1_000_300, count: 13 })).toBe(100);
    expect(mean.take({ atMs: 60_000, sum: 1_000_400, count: 14 })).toBe(100);
    expect(mean.take({ atMs: 90_000, sum: 1_001_400, count: 16 })).toBeCloseTo(1100 / 3, 9);
  });

  test("is nothing when nothing was added, and what is older than the minute is forgotten", () => {
    const mean = new RecentMean(60_000);
    mean.take({ atMs: 0, sum: 0, count: 0 });
    expect(mean.take({ atMs: 1000, sum: 500, count: 1 })).toBe(500);
    expect(mean.take({ atMs: 61_000, sum: 500, count: 1 })).toBeNull();
  });

  test("is not told again while nothing is added: a slow span that only grows old is no recovery", () => {
    const mean = new RecentMean(60_000);
    mean.take({ atMs: 0, sum: 0, count: 0 });
    mean.take({ atMs: 10_000, sum: 9000, count: 1 });
    expect(mean.take({ atMs: 20_000, sum: 9010, count: 11 })).toBeCloseTo(9010 / 11, 9);
    expect(mean.take({ atMs: 65_000, sum: 9010, count: 11 })).toBeNull();
  });

  test("begins anew with the sum, after a reset", () => {
    const mean = new RecentMean(60_000);
    mean.take({ atMs: 0, sum: 900, count: 9 });
    expect(mean.take({ atMs: 1000, sum: 10, count: 1 })).toBeNull();
    expect(mean.take({ atMs: 2000, sum: 40, count: 2 })).toBe(30);
  });
});
