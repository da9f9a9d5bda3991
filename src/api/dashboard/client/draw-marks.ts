// Draws gaps and marks on a chart's canvas.

import type uPlotType from "uplot";
import type { Marks } from "./marks.ts";

/** However short: a gap that can't be seen would be a lie. In CSS pixels. */
const GAP_WIDTH_MIN = 2;

/** Behind everything. */
export function drawGaps(u: uPlotType, gaps: Marks["gaps"], color: string): void {
  const { left, top, width, height } = u.bbox;
  const right = left + width;
  u.ctx.save();
  u.ctx.fillStyle = color;
  for (const { from, to, share } of gaps) {
    const begin = Math.max(left, u.valToPos(from, "x", true));
    const end = Math.min(right, Math.max(u.valToPos(to, "x", true), begin + GAP_WIDTH_MIN * devicePixelRatio));
    if (end <= begin) continue;
    u.ctx.globalAlpha = share;
    u.ctx.fillRect(begin, top, end - begin, height);
  }
  u.ctx.restore();
}

/** Over everything: a dashed line and a flag at its top. */
export function drawLines(
  u: uPlotType,
  lines: Marks["lines"],
  colors: Readonly<Record<"note" | "epoch", string>>,
): void {
  const { left, top, width, height } = u.bbox;
  const { ctx } = u;
  const unit = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.5 * unit;
  for (const { at, kind } of lines) {
    const x = u.valToPos(at, "x", true);
    if (x < left || x > left + width) continue;
    ctx.strokeStyle = ctx.fillStyle = colors[kind];
    ctx.setLineDash([3 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x, top - 1 * unit);
    ctx.lineTo(x + 8 * unit, top + 3 * unit);
    ctx.lineTo(x, top + 7 * unit);
    ctx.fill();
  }
  ctx.restore();
}
