// One chart of the report: a title, what it shows in words for those who can't see it, a legend and the drawing.

import { escapeHtml } from "../html.ts";
import { CHART_WIDTH } from "./time-axis.ts";

export interface LegendEntry {
  /** The class that the style gives a colour. */
  readonly name: string;
  readonly words: string;
}

export interface Figure {
  readonly title: string;
  /** What a reader would say that it shows. */
  readonly summary: string;
  readonly legend: readonly LegendEntry[];
  /** Of the drawing. */
  readonly height: number;
  /** SVG, every text in it escaped. */
  readonly drawing: string;
}

/** A mark looks as in the drawing: a line where it has lines, with their strokes. */
const legendHtml = ({ name, words }: LegendEntry): string =>
  `<span class="entry"><svg class="key" viewBox="0 0 22 10" aria-hidden="true"><path class="${name}" d="M0 5H22"/></svg>${escapeHtml(words)}</span>`;

export function figureHtml({ title, summary, legend, height, drawing }: Figure): string {
  return `<figure>
<figcaption><h3>${escapeHtml(title)}</h3><p>${legend.map(legendHtml).join(" ")}</p></figcaption>
<svg viewBox="0 0 ${CHART_WIDTH} ${height}" role="img" aria-label="${escapeHtml(`${title}. ${summary}`)}">${drawing}</svg>
<p class="note">${escapeHtml(summary)}</p>
</figure>
`;
}
