// Which of the two exposition formats a scraper wants, by its Accept header (RFC 9110, 12.5.1).

export type MetricsFormat = "text" | "openmetrics";

export const METRICS_CONTENT_TYPE: Readonly<Record<MetricsFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

interface Range {
  readonly type: string;
  readonly version: string | null;
  /** 0.0 to 1.0 */
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const parameter = (name: string): string | null => {
    const found = parameters.find((part) => part.startsWith(`${name}=`));
    return found === undefined ? null : found.slice(name.length + 1).replaceAll('"', "");
  };
  const quality = Number(parameter("q") ?? 1);
  return { type, version: parameter("version"), quality: Number.isFinite(quality) ? quality : 0 };
}

/**
 * OpenMetrics when it is named, in a version that we write, with a quality of at least that of plain text; else text,
 * also for an Accept that excludes both: a scraper does better with the text that every one of them reads than with 406.
 */
export function metricsFormat(accept: string | undefined): MetricsFormat {
  const ranges = (accept ?? "").split(",").map(parseRange);
  const qualityOf = (matches: (range: Range) => boolean): number =>
    Math.max(0, ...ranges.filter(matches).map((range) => range.quality));

  const openMetrics = qualityOf(
    ({ type, version }) => type === "application/openmetrics-text" && (version === null || version === "1.0.0"),
  );
  const named = ranges.some(({ type }) => type === "text/plain");
  const text = qualityOf(({ type }) => (named ? type === "text/plain" : type === "text/*" || type === "*/*"));
  return openMetrics > 0 && openMetrics >= text ? "openmetrics" : "text";
}
