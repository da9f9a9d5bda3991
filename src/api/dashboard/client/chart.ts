// One chart: uPlot with our colours, the marks of the window behind it, a legend that switches series, and a tooltip.

import type uPlotType from "uplot";
import { showLegend } from "./chart-legend.ts";
import { axesOf, type ChartKind, colorOf, scalesOf, seriesOptions } from "./chart-options.ts";
import { createTooltip } from "./chart-tooltip.ts";
import { drawGaps, drawLines } from "./draw-marks.ts";
import { element, find } from "./element.ts";
import { type Marks, NO_MARKS } from "./marks.ts";
import { type ChartSeries, type Series, stacked } from "./series.ts";

const HEIGHT = 232;

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
      scales: scalesOf(kind, () => [shown?.from ?? 0, shown?.to ?? 1]),
      axes: axesOf(kind),
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

  const nameSeries = ({ series }: ChartSeries): void => showLegend(legend, series, kind, hidden, build);

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
        nameSeries(data);
        build();
        return;
      }
      if (!legend.contains(document.activeElement)) nameSeries(data);
      // A drag or a look at a point goes on through a refresh.
      plotted.setData(columnsOf(data));
    },
    mark: (next) => {
      marks = next;
      plotted?.redraw(false);
    },
    redraw: () => {
      if (shown !== null) nameSeries(shown.data);
      build();
    },
  };
}
