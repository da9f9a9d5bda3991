// Folds the raw log anew, beside whoever writes it, and compares what comes out with what is stored.
//
// It all happens in one read transaction on a read-only handle. The fresh tables are SQLite's temporary ones, which go
// before the log's own where both have a name: so the folds run as they are, and the tables are gone with the handle,
// however the process ends.

import { cloneTable } from "../events/clone-table.ts";
import { readExtent } from "../events/extent.ts";
import type { Fold } from "../events/fold.ts";
import { readPosition } from "../events/fold-positions.ts";
import { FoldRebuild } from "../events/fold-rebuild.ts";
import type { LogReader } from "../events/log-reader.ts";
import { OpenRequests } from "../events/open-requests.ts";
import { requireWhole } from "../events/projection-state.ts";
import { PgsoakError } from "../errors.ts";
import { compareTable, type TableComparison } from "./compare-table.ts";
import { createProjections, type ProjectionOptions } from "./projections.ts";

const TEMP_CACHE_KIB = 64_000;

export interface ReplayOptions extends ProjectionOptions {
  readonly mustCompare?: boolean;
  /** That of the log's own OpenRequests, where it is not the default. */
  readonly youngEvents?: number | undefined;
}

export class Replay implements Disposable {
  /** Events that are folded: behind `afterSeq`, where the checkpoint ends, up to `lastSeq`. */
  readonly afterSeq: number;
  readonly lastSeq: number;
  readonly #reader: LogReader;
  readonly #folds: readonly Fold[];
  readonly #rebuild: FoldRebuild;

  /**
   * `reader` belongs to the replay until it is disposed of: reads of projections on it see the fresh tables. With
   * `mustCompare`, throws rebuilding when the stored projections don't stand at the end of the log.
   */
  constructor(reader: LogReader, { mustCompare = false, youngEvents, ...options }: ReplayOptions = {}) {
    const { db } = reader;
    this.#folds = [new OpenRequests(youngEvents), ...createProjections("", options)];
    this.#reader = reader;
    db.pragma("temp_store = file");
    db.exec("begin");
    try {
      const { removedSeq, lastSeq } = readExtent(db);
      this.afterSeq = removedSeq;
      this.lastSeq = lastSeq;
      if (mustCompare) this.#requireStored();
      for (const table of ["fold_position", ...this.#folds.flatMap(({ tables }) => tables)]) {
        cloneTable(db, table, { schema: "temp", prefix: "" });
      }
      db.pragma(`temp.cache_size = -${TEMP_CACHE_KIB}`);
      this.#rebuild = new FoldRebuild(reader, this.#folds, true);
      this.#rebuild.takeWhole();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The last event that every fold has seen. */
  get doneSeq(): number {
    return this.#rebuild.progress?.done ?? this.lastSeq;
  }

  /** Folds for about `readMs`. Returns whether there is more. */
  step(readMs: number): boolean {
    if (this.#rebuild.progress !== null) this.#rebuild.step(readMs);
    this.#rebuild.takeWhole();
    return this.#rebuild.progress !== null;
  }

  /** The stored tables beside the fresh ones, when all is folded. */
  compare(): TableComparison[] {
    return this.#folds.flatMap(({ name, tables }) => tables.map((table) => compareTable(this.#reader.db, name, table)));
  }

  [Symbol.dispose](): void {
    const { db } = this.#reader;
    if (db.open && db.inTransaction) db.exec("rollback");
  }

  #requireStored(): void {
    const { db } = this.#reader;
    requireWhole(
      db,
      this.#folds.map(({ name }) => name),
    );
    for (const { name, version } of this.#folds) {
      if (this.lastSeq === 0 || readPosition(db, name)?.version === version) continue;
      const message = `The stored projection ${name} is of another version than this pgsoak: start the service on the log once.`;
      throw new PgsoakError("rebuilding", message);
    }
  }
}
