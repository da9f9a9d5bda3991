// One chart: uPlot with our colours, the marks of the window behind it, a legend that switches series, and a tooltip.

import type uPlotType from "uplot";
import { axisTimes } from "./axis-times.ts";
import { createTooltip } from "./chart-tooltip.ts";
import { drawGaps, drawLines } from "./draw-marks.ts";
import { element, find, svg } from "./element.ts";
import { compact } from "./format.ts";
import { type Marks, NO_MARKS } from "./marks.ts";
import { type ChartSeries, type Series, stacked } from "./series.ts";

const HEIGHT = 232;
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

interface Shown {
  readonly from: number;
  readonly to: number;
  readonly data: ChartSeries;
}

export interface Chart {
  show(from: number, to: number, data: ChartSeries): void;
  mark(marks: Marks): void;
  /** After the colours have changed. */
  redraw(): void;
}

const colorOf = (property: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(property).trim();

/** `onSelect`: a span was dragged over, in seconds. */
export function createChart(kind: ChartKind, onSelect: (from: number, to: number) => void): Chart {
  const figure = find(`#chart-${kind.id}`);
  const plot = find(".plot", figure);
  const legend = find(".legend", figure);
  const hidden = new Set<string>();
  let plotted: uPlotType | null = null;
  let shown: Shown | null = null;
  let marks = NO_MARKS;

  const visible = ({ series }: ChartSeries): readonly Series[] => series.filter(({ key }) => !hidden.has(key));

  const columnsOf = (data: ChartSeries): uPlotType.AlignedData => {
    const series = visible(data);
    const columns = series.map(({ values }) => values);
    // The largest sum is drawn first, the others over it.
    const drawn = kind.isStacked ? stacked(columns).toReversed() : columns.map((column) => [...column]);
    return [[...data.at], ...drawn];
  };

  const build = (): void => {
    plotted?.destroy();
    plotted = null;
    plot.querySelector(".nothing:not(.calm)")?.remove();
    if (shown === null) return;
    const { data } = shown;
    if (data.at.length === 0) {
      plot.append(element("p", { class: "nothing" }, "Nothing is known of this window."));
      return;
    }
    const series = kind.isStacked ? visible(data).toReversed() : visible(data);
    const grid = { stroke: colorOf("--c-grid"), width: 1 };
    const axis = { stroke: colorOf("--soft"), font: AXIS_FONT, grid, ticks: { show: false } };
    const tooltip = createTooltip(
      plot,
      kind,
      () => (shown === null ? [] : visible(shown.data)),
      () => marks,
    );
    const options: uPlotType.Options = {
      width: plot.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      padding: [10, 20, 0, 0],
      cursor: {
        y: false,
        points: { show: !kind.isStacked, size: 6 },
        drag: { x: true, y: false, setScale: false, dist: 8 },
        sync: { key: "pgsoak", setSeries: false },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: true, range: () => [shown?.from ?? 0, shown?.to ?? 1] },
        y: { ...(kind.isLogarithmic ? LOGARITHMIC : {}), range: (_, least, most) => rangeOf(kind, least, most) },
      },
      axes: [
        { ...axis, space: 64, size: 38, gap: 5, values: (_, ticks, __, ___, seconds) => axisTimes(ticks, seconds) },
        {
          ...axis,
          size: 58,
          gap: 6,
          values: (_, ticks) =>
            ticks.map((tick) => (tick === null ? "" : kind.isLogarithmic ? logLabel(tick) : compact(tick))),
        },
      ],
      series: [{}, ...series.map((each) => seriesOptions(each, kind))],
      hooks: {
        drawClear: [(u) => drawGaps(u, marks.gaps, colorOf("--c-gap"))],
        draw: [(u) => drawLines(u, marks.lines, { note: colorOf("--c-mark"), epoch: colorOf("--accent") })],
        setCursor: [(u) => tooltip.update(u)],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 8) return;
            const span = [u.posToVal(left, "x"), u.posToVal(left + width, "x")] as const;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            onSelect(...span);
          },
        ],
      },
    };
    plotted = new uPlot(options, columnsOf(data), plot);
    // Its place has a label of its own, and a table below it.
    plotted.root.setAttribute("aria-hidden", "true");
  };

  /** An empty chart could also be one that has not been drawn. */
  const sayCalm = ({ series, at }: ChartSeries): void => {
    plot.querySelector(".calm")?.remove();
    const isCalm = at.length > 0 && series.every(({ values }) => values.every((value) => (value ?? 0) === 0));
    if (isCalm && kind.calm !== undefined) plot.append(element("p", { class: "nothing calm" }, kind.calm));
  };

  const showLegend = ({ series }: ChartSeries): void => {
    const buttons = series.map((each) => {
      const { key, label } = each;
      const total = kind.total?.(each) ?? "";
      const button = element(
        "button",
        { type: "button", "aria-pressed": hidden.has(key) ? "false" : "true", "data-key": key },
        swatch(each, kind.isStacked),
        label,
        total === "" ? null : element("span", { class: "total" }, total),
      );
      button.addEventListener("click", () => {
        if (!hidden.delete(key)) hidden.add(key);
        button.setAttribute("aria-pressed", hidden.has(key) ? "false" : "true");
        build();
      });
      return button;
    });
    legend.replaceChildren(...buttons);
  };

  plot.addEventListener("keydown", (event) => {
    if (plotted === null || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const last = plotted.data[0].length - 2;
    const index =
      (plotted.cursor.idx ?? (event.key === "ArrowRight" ? -1 : last + 1)) + (event.key === "ArrowRight" ? 1 : -1);
    const at = plotted.data[0][Math.max(0, Math.min(last, index))];
    if (at !== undefined) plotted.setCursor({ left: plotted.valToPos(at, "x") + 1, top: 20 });
  });
  plot.addEventListener("blur", () => plotted?.setCursor({ left: -10, top: -10 }));

  new ResizeObserver(() => plotted?.setSize({ width: plot.clientWidth, height: HEIGHT })).observe(plot);

  return {
    show: (from, to, data) => {
      const before = shown;
      shown = { from, to, data };
      sayCalm(data);
      if (plotted === null || before?.data.at.length === 0) {
        showLegend(data);
        build();
        return;
      }
      if (!legend.contains(document.activeElement)) showLegend(data);
      // A drag or a look at a point goes on through a refresh.
      plotted.setData(columnsOf(data));
    },
    mark: (next) => {
      marks = next;
      plotted?.redraw(false);
    },
    redraw: () => {
      if (shown !== null) showLegend(shown.data);
      build();
    },
  };
}

/** Of what is there, with some room above; a scale of decades ends at whole ones. */
function rangeOf({ isLogarithmic, leastMax }: ChartKind, least: number | null, most: number | null): [number, number] {
  if (!isLogarithmic) return [0, Math.max(leastMax, (most ?? 0) * 1.08) || 1];
  if (least === null || most === null) return [0.1, 100];
  const low = 10 ** Math.floor(Math.log10(Math.max(0.01, least)));
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(0.02, most))))];
}

const logLabel = (value: number): string => (Math.abs(Math.log10(value) % 1) < 1e-6 ? compact(value) : "");

function seriesOptions(
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

function swatch({ color, dash, width }: Series, isStacked: boolean): SVGElement {
  const stroke = colorOf(color);
  const line = isStacked
    ? svg("rect", { x: 1, y: 1, width: 20, height: 10, rx: 2, fill: stroke })
    : svg("path", { d: "M0 6H22", stroke, "stroke-width": width ?? 2, "stroke-dasharray": dash?.join(" ") ?? null });
  return svg("svg", { viewBox: "0 0 22 12", "aria-hidden": "true" }, line);
}
