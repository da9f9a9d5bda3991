import { expect, test } from "vitest";
import { figureText } from "./figure.ts";
import { quantileOf, spreadOf } from "../../src/bench/spread.ts";

test("the median of an odd number of rounds is the one in the middle, of an even number the mean of two", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, rounds: 3 });
  expect(spreadOf([10, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 10, rounds: 4 });
  expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7, rounds: 1 });
});

test("a quantile is one of the values", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantileOf(values, 0)).toBe(1);
  expect(quantileOf(values, 0.5)).toBe(51);
  expect(quantileOf(values, 0.99)).toBe(100);
  expect(quantileOf([5], 0.99)).toBe(5);
});

test("a figure is one line: name, value, unit and target first", () => {
  const value = { median: 1.2345, min: 1.1, max: 1.4, rounds: 5 };
  const figure = { name: "relay_cpu_vs_pgbouncer", value, unit: "ratio", target: "<= 1.3", detail: "22 us / 18 us" };
  expect(figureText(figure)).toBe("relay_cpu_vs_pgbouncer 1.23 ratio (<= 1.3)  [1.10..1.40, rounds: 5; 22 us / 18 us]");
});
