// Which lanes a question is about: those of a mirroring, of a database, of both, or all.

import type { Lane } from "../events/lanes.ts";

export interface Selection {
  readonly mirroring?: string | undefined;
  /** As clients name it. */
  readonly database?: string | undefined;
}

export function isSelected({ mirroring, database }: Selection, lane: Omit<Lane, "id">): boolean {
  return (mirroring ?? lane.mirroring) === lane.mirroring && (database ?? lane.database) === lane.database;
}

/** Nothing is left out. */
export function isEverything({ mirroring, database }: Selection): boolean {
  return mirroring === undefined && database === undefined;
}
