// Questions about one mirroring: a name that neither the configuration nor the log knows is a typo, not an empty answer.

import { isKnownMirroring } from "../projections/known-mirroring.ts";
import type { ApiContext } from "./api-context.ts";
import { ProblemError } from "./problem.ts";

/** That an answer lists. */
const NAMES_MAX = 10;

/** Throws a problem that names `field`. */
export function checkMirroring({ config, reader }: ApiContext, name: string, field = "mirroring"): void {
  if (config.mirrorings.some((mirroring) => mirroring.name === name)) return;
  if (isKnownMirroring(reader, name)) return;
  const names = config.mirrorings.slice(0, NAMES_MAX).map((mirroring) => JSON.stringify(mirroring.name));
  const expected = names.length === 0 ? "" : `, expected one such as ${names.join(", ")}`;
  throw new ProblemError("invalid_parameter", `no mirroring has this name${expected}`, field);
}
