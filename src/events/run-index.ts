// Which run an event belongs to: the latest one that began before it. Runs are few, so all of them are held.

import type { Database, Statement } from "better-sqlite3";

interface Run {
  readonly id: number;
  readonly firstSeq: number;
}

export class RunIndex {
  readonly #select: Statement<[], Run>;
  #runs: Run[] = [];
  #at = -1; // where the last answer was: questions come in the order of the log

  constructor(db: Database) {
    this.#select = db.prepare(`select id, first_seq as firstSeq from run order by first_seq`);
    this.refresh();
  }

  /** Takes in the runs that were started since. */
  refresh(): void {
    this.#runs = this.#select.all();
    this.#at = -1;
  }

  /** The run of the event at `seq`; 0 before the first. */
  runAt(seq: number): number {
    const runs = this.#runs;
    if (this.#at >= 0 && runs[this.#at]!.firstSeq > seq) this.#at = -1;
    while (this.#at + 1 < runs.length && runs[this.#at + 1]!.firstSeq <= seq) this.#at++;
    return this.#at < 0 ? 0 : runs[this.#at]!.id;
  }

  /** The id of the latest run; 0 when there was none. */
  lastRun(): number {
    return this.#runs.reduce((last, run) => Math.max(last, run.id), 0);
  }
}
