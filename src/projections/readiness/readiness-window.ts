// The window of a question about readiness: it ends now at the latest, since nothing of the future was observed, and what
// an answer is worth is counted from its end.

import { parseWindow, type Window, type WindowBounds, WindowError, type WindowQuery } from "../window.ts";

/** Like parseWindow, with a `to` in the future taken for now. Throws WindowError. */
export function readinessWindow(query: WindowQuery, bounds: WindowBounds): Window {
  const { from, to } = parseWindow(query, bounds);
  if (from >= bounds.now && query.from !== undefined) throw new WindowError("from", String(query.from), "in the past");
  return { from, to: Math.min(to, bounds.now) };
}
