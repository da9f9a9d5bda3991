// Failures that pgsoak itself brings about on a mirror, and that prove nothing.

import { Sqlstate } from "../protocol/sqlstate.ts";
import type { MirrorRequest } from "./mirror-request.ts";

/** `readsOnly`: writes are kept from the mirror. */
export function isOwnDoing({ request, result }: MirrorRequest, readsOnly: boolean): boolean {
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
