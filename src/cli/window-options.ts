// What commands that ask about windows have in common: how the window is said, of which lanes, and what goes wrong.

import { Option } from "commander";
import { PgsoakError } from "../errors.ts";
import type { LogReader } from "../events/log-reader.ts";
import { type WindowBounds, WindowError } from "../projections/window.ts";

export interface WindowOptions {
  readonly window?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface SelectionOptions {
  readonly mirroring?: string;
  readonly database?: string;
}

export function windowOptions(): Option[] {
  return [
    new Option("--window <length>", "up to now: 30s, 15m, 24h, 7d, 2w or all, which is the default"),
    new Option("--from <moment>", "from this moment on, RFC 3339 or Unix seconds"),
    new Option("--to <moment>", "before this moment"),
  ];
}

export function selectionOptions(): Option[] {
  return [
    new Option("--mirroring <name>", "this mirroring only"),
    new Option("--database <name>", "this database only, as clients name it"),
  ];
}

/** What `24h` and `all` mean now. Throws usage for a mirroring that the log doesn't know. */
export async function readBounds(reader: LogReader, { mirroring }: SelectionOptions): Promise<WindowBounds> {
  const { isKnownMirroring } = await import("../projections/known-mirroring.ts");
  const { readWindowBounds } = await import("../projections/log-extent.ts");
  const { createClock } = await import("../clock.ts");
  if (mirroring !== undefined && !isKnownMirroring(reader, mirroring)) {
    throw new PgsoakError("usage", `--mirroring: the log knows no mirroring ${JSON.stringify(mirroring)}`);
  }
  return readWindowBounds(reader, createClock().wallUs(), mirroring);
}

/** What `parse` gives; a window that makes no sense is a usage error. */
export function orUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof WindowError)) throw error;
    const isArgument = error.field === "a" || error.field === "b";
    throw new PgsoakError("usage", `${isArgument ? "" : "--"}${error.message}`, { cause: error });
  }
}
