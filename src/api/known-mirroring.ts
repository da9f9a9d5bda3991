// Questions about one mirroring or database: a name that neither the configuration nor the log knows is a typo, not an empty
// answer.

import type { Selection } from "../projections/selection.ts";
import type { ApiContext } from "./api-context.ts";
import { ProblemError } from "./problem.ts";

/** Rejects with a problem that names `mirroring`. */
export function checkMirroring(context: ApiContext, name: string): Promise<void> {
  return checkNames(context, { mirroring: name });
}

/** Rejects with a problem that names the field. A database is one that clients have asked for. */
export async function checkNames({ config, questions }: ApiContext, { mirroring, database }: Selection): Promise<void> {
  const isConfigured = config.mirrorings.some(({ name }) => name === mirroring);
  const asked: Selection = { mirroring: isConfigured ? undefined : mirroring, database };
  if (asked.mirroring === undefined && asked.database === undefined) return;
  const unknown = await questions.ask({ kind: "unknown", ...asked });
  if (unknown !== null) throw new ProblemError("invalid_parameter", unknown.message, unknown.field);
}
