// Differences that pgsoak itself brings about on a mirror, and that prove nothing.

import { Sqlstate, sqlstateClass } from "../protocol/sqlstate.ts";
import type { MirrorRequest } from "./mirror-request.ts";

/** What a mirror answers that doesn't have what earlier writes have made. */
const UNMADE: ReadonlySet<string> = new Set([
  Sqlstate.UndefinedColumn,
  Sqlstate.UndefinedFunction,
  Sqlstate.UndefinedObject,
  Sqlstate.UndefinedTable,
  Sqlstate.InvalidSchemaName,
]);
/** Cardinality, no data, constraints. */
const UNMADE_CLASSES: ReadonlySet<string> = new Set(["02", "21", "23"]);

/** `readsOnly`: writes are kept from the mirror. */
export function isOwnDoing(mirrored: MirrorRequest, readsOnly: boolean): boolean {
  const { request, result } = mirrored;
  if (mirrored.lacksWrites && isOfUnmade(mirrored)) return true;
  switch (result.sqlstate) {
    case Sqlstate.ReadOnlyTransaction:
      return readsOnly;
    case Sqlstate.UndefinedObject:
      // Its PREPARE TRANSACTION did not run here, or it failed and was counted then.
      return request.statements.some((statement) => statement.class.finishesPrepared);
    default:
      return false;
  }
}

/** The mirror was not told of writes of the same transaction: they may have failed, or left something to be found. */
function isOfUnmade({ request, result }: MirrorRequest): boolean {
  if (request.primary.failed || !result.failed) return true;
  return UNMADE.has(result.sqlstate) || UNMADE_CLASSES.has(sqlstateClass(result.sqlstate));
}
