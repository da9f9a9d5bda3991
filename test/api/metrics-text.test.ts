import { expect, test } from "vitest";
import { encodeMetrics, type MetricFamily } from "../../src/api/metrics-text.ts";

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
