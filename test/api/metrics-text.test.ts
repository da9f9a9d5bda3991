import { expect, test } from "vitest";
import { histogramSamples } from "../../src/api/histogram-samples.ts";
import { encodeMetrics, type MetricFamily } from "../../src/api/metrics-text.ts";
import { LATENCY_BOUNDS_US } from "../../src/projections/latency-totals.ts";

const families: MetricFamily[] = [
  {
    name: "p_seen_total",
    type: "counter",
    help: "Seen.",
    samples: [{ labels: { cluster: "b", database: "app" }, value: 3 }],
  },
  { name: "mirror_requests_mirrored", type: "unknown", help: "Mirrored.", samples: [{ labels: {}, value: 2.5 }] },
  { name: "p_empty", type: "gauge", help: "Nothing.", samples: [] },
];

test("the text format names HELP and TYPE after the samples and calls an unknown type untyped", () => {
  expect(encodeMetrics(families, "text")).toBe(
    [
      "# HELP p_seen_total Seen.",
      "# TYPE p_seen_total counter",
      'p_seen_total{cluster="b",database="app"} 3',
      "# HELP mirror_requests_mirrored Mirrored.",
      "# TYPE mirror_requests_mirrored untyped",
      "mirror_requests_mirrored 2.5",
      "# HELP p_empty Nothing.",
      "# TYPE p_empty gauge",
      "",
    ].join("\n"),
  );
});

test("OpenMetrics names a counter's family without _total, keeps the sample's name and ends with # EOF", () => {
  expect(encodeMetrics(families, "openmetrics")).toBe(
    [
      "# HELP p_seen Seen.",
      "# TYPE p_seen counter",
      'p_seen_total{cluster="b",database="app"} 3',
      "# HELP mirror_requests_mirrored Mirrored.",
      "# TYPE mirror_requests_mirrored unknown",
      "mirror_requests_mirrored 2.5",
      "# HELP p_empty Nothing.",
      "# TYPE p_empty gauge",
      "# EOF",
      "",
    ].join("\n"),
  );
});

test("a histogram is its buckets in order, the last +Inf, with sum and count, and its family has their common name", () => {
  const labels = { cluster: "b" };
  const counts = LATENCY_BOUNDS_US.map((us) => (us === 1000 ? 2 : us === 1_000_000 ? 1 : 0));
  const samples = histogramSamples(labels, { counts: [...counts, 4], sumUs: 2_500_000 });
  const family: MetricFamily = { name: "p_seconds", type: "histogram", help: "H.", samples };
  const text = encodeMetrics([family], "text");
  expect(text.split("\n")).toEqual([
    "# HELP p_seconds H.",
    "# TYPE p_seconds histogram",
    ...[
      ["0.0005", 0],
      ["0.001", 2],
      ["0.0025", 2],
      ["0.005", 2],
      ["0.01", 2],
      ["0.025", 2],
      ["0.05", 2],
      ["0.1", 2],
      ["0.25", 2],
      ["0.5", 2],
      ["1.0", 3],
      ["2.5", 3],
      ["5.0", 3],
      ["10.0", 3],
      ["30.0", 3],
      ["+Inf", 7],
    ].map(([le, value]) => `p_seconds_bucket{cluster="b",le="${le}"} ${value}`),
    'p_seconds_sum{cluster="b"} 2.5',
    'p_seconds_count{cluster="b"} 7',
    "",
  ]);
  expect(encodeMetrics([family], "openmetrics")).toBe(`${text}# EOF\n`);
});

test("a label's backslash, quote and line feed are escaped, everything else is left alone", () => {
  const labels = { database: 'a\\b"c\nd{e}, ü=🐘' };
  const text = encodeMetrics([{ name: "m", type: "gauge", help: "H.", samples: [{ labels, value: 1 }] }], "text");
  expect(text).toContain('m{database="a\\\\b\\"c\\nd{e}, ü=🐘"} 1\n');
});

test("a quote in HELP is escaped in OpenMetrics alone", () => {
  const family: MetricFamily = { name: "m", type: "gauge", help: 'Says "a\\b".', samples: [] };
  expect(encodeMetrics([family], "text")).toContain('# HELP m Says "a\\\\b".\n');
  expect(encodeMetrics([family], "openmetrics")).toContain('# HELP m Says \\"a\\\\b\\".\n');
});

test("values that are no finite numbers are spelled as Prometheus reads them", () => {
  const samples = [Infinity, -Infinity, Number.NaN].map((value) => ({ labels: {}, value }));
  expect(encodeMetrics([{ name: "m", type: "gauge", help: "H.", samples }], "text")).toContain(
    "m +Inf\nm -Inf\nm NaN\n",
  );
});
