// How a chart is drawn: its scales, axes and strokes, in the colours that are in force now.

import type uPlotType from "uplot";
import { axisTimes } from "./axis-times.ts";
import { compact } from "./format.ts";
import type { Series } from "./series.ts";

// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- an enum of its types alone, there is no value to name
const LOGARITHMIC: Pick<uPlotType.Scale, "distr"> = { distr: 3 };
const AXIS_FONT = "12px system-ui, sans-serif";

export interface ChartKind {
  readonly id: string;
  /** Series on top of one another, as areas. */
  readonly isStacked: boolean;
  readonly isLogarithmic: boolean;
  readonly show: (value: number) => string;
  /** Said in the legend behind a series' name. */
  readonly total?: (series: Series) => string;
  /** What is said when every number is zero. */
  readonly calm?: string;
  /** The least that the upper end of the scale may be; 0: whatever fits. */
  readonly leastMax: number;
}

/** What a custom property of the style says now. */
export const colorOf = (property: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(property).trim();

/** `window`: from and to, in seconds. */
export function scalesOf(kind: ChartKind, window: () => [number, number]): uPlotType.Scales {
  return {
    x: { time: true, range: window },
    y: { ...(kind.isLogarithmic ? LOGARITHMIC : {}), range: (_, least, most) => rangeOf(kind, least, most) },
  };
}

export function axesOf({ isLogarithmic }: ChartKind): uPlotType.Axis[] {
  const grid = { stroke: colorOf("--c-grid"), width: 1 };
  const axis = { stroke: colorOf("--soft"), font: AXIS_FONT, grid, ticks: { show: false } };
  const label = (tick: number | null): string => {
    if (tick === null) return "";
    return isLogarithmic ? decadeLabel(tick) : compact(tick);
  };
  return [
    { ...axis, space: 64, size: 38, gap: 5, values: (_, ticks, __, ___, seconds) => axisTimes(ticks, seconds) },
    { ...axis, size: 58, gap: 6, values: (_, ticks) => ticks.map(label) },
  ];
}

/** Of what is there, with some room above; a scale of decades ends at whole ones. */
function rangeOf({ isLogarithmic, leastMax }: ChartKind, least: number | null, most: number | null): [number, number] {
  if (!isLogarithmic) return [0, Math.max(leastMax, (most ?? 0) * 1.08) || 1];
  if (least === null || most === null) return [0.1, 100];
  const low = 10 ** Math.floor(Math.log10(Math.max(0.01, least)));
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(0.02, most))))];
}

/** Decades alone: what is between them is a line without a number. */
const decadeLabel = (value: number): string => (Math.abs(Math.log10(value) % 1) < 1e-6 ? compact(value) : "");

export function seriesOptions(
  { label, color, dash, width }: Series,
  { isStacked, isLogarithmic }: ChartKind,
): uPlotType.Series {
  const stroke = colorOf(color);
  const stepped = uPlot.paths.stepped;
  if (isLogarithmic || stepped === undefined) {
    return {
      label,
      stroke,
      width: width ?? 1.5,
      ...(dash === undefined ? {} : { dash: [...dash] }),
      points: { size: 4 },
    };
  }
  const paths = stepped({ align: 1 });
  return {
    label,
    stroke,
    width: isStacked ? 0 : 1.5,
    fill: isStacked ? stroke : `${stroke}33`,
    paths,
    points: { show: false },
  };
}
