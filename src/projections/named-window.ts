// A window in one word, where a question has more than one of them: a span back from now, `all`, or `FROM..TO`.

import { parseWindow, type Window, type WindowBounds, WindowError } from "./window.ts";

const BETWEEN = "..";

/** `field` is the name under which `text` came. Throws WindowError, which names it. */
export function parseNamedWindow(field: "a" | "b", text: string, bounds: WindowBounds): Window {
  const middle = text.indexOf(BETWEEN);
  const query =
    middle < 0 ? { window: text } : { from: text.slice(0, middle), to: text.slice(middle + BETWEEN.length) };
  try {
    return parseWindow(query, bounds);
  } catch (error) {
    if (!(error instanceof WindowError)) throw error;
    throw new WindowError(field, text, middle < 0 ? `${error.expected}, or FROM..TO` : reasonOf(error));
  }
}

function reasonOf({ field, expected }: WindowError): string {
  return `FROM..TO, and ${field.toUpperCase()} ${expected}`;
}
