// Writes metrics in the Prometheus text format 0.0.4 and in OpenMetrics 1.0. A sample has the same name in both; where
// OpenMetrics names a counter's family without `_total`, only HELP and TYPE differ.

import type { MetricsFormat } from "./metrics-format.ts";

export type MetricType = "counter" | "gauge" | "histogram" | "unknown";

export interface MetricSample {
  /** Behind the name of the family: `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  /** The name of its samples, but for their suffix; that of a counter ends in `_total`. */
  readonly name: string;
  readonly type: MetricType;
  /** One sentence, with the unit. */
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

/** A label's value between its quotes, in both formats; OpenMetrics escapes HELP the same way. */
function escapeLabel(value: string): string {
  return value.replace(/[\\\n"]/g, (character) => ESCAPES[character] ?? character);
}

/** HELP of the text format keeps its quotes. */
const escapeTextHelp = (help: string): string =>
  help.replace(/[\\\n]/g, (character) => ESCAPES[character] ?? character);

function encodeValue(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value); // NaN is spelled as JavaScript spells it
}

function encodeSample(name: string, { suffix = "", labels, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${encodeValue(value)}\n`;
}

function encodeHead({ name, type, help }: MetricFamily, format: MetricsFormat): string {
  if (format === "text") {
    return `# HELP ${name} ${escapeTextHelp(help)}\n# TYPE ${name} ${type === "unknown" ? "untyped" : type}\n`;
  }
  const family = type === "counter" ? name.replace(/_total$/, "") : name;
  return `# HELP ${family} ${escapeLabel(help)}\n# TYPE ${family} ${type}\n`;
}

/** The whole exposition. */
export function encodeMetrics(families: readonly MetricFamily[], format: MetricsFormat): string {
  const blocks = families.map(
    (family) => encodeHead(family, format) + family.samples.map((sample) => encodeSample(family.name, sample)).join(""),
  );
  return blocks.join("") + (format === "openmetrics" ? "# EOF\n" : "");
}
