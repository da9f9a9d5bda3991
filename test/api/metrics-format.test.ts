import { expect, test } from "vitest";
import { metricsFormat } from "../../src/api/metrics-format.ts";

const PROMETHEUS_2 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.2";

test.each([
  [PROMETHEUS_2, "openmetrics"],
  [PROMETHEUS_3, "openmetrics"],
  ["application/openmetrics-text", "openmetrics"],
  ['Application/OpenMetrics-Text; version="1.0.0"; Q=0.3', "openmetrics"],
  ["text/plain;q=0.5, application/openmetrics-text;q=0.9", "openmetrics"],
  ["application/openmetrics-text;q=0.5, text/plain", "text"],
  ["application/openmetrics-text;q=0.5, */*", "text"],
  ["application/openmetrics-text;q=0", "text"],
  ["application/openmetrics-text;version=2.0.0", "text"],
  ["application/openmetrics-text;q=abc", "text"],
  ["*/*", "text"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
  ["application/json", "text"],
  ["", "text"],
  [undefined, "text"],
])("Accept %s is answered with %s", (accept, format) => {
  expect(metricsFormat(accept)).toBe(format);
});
