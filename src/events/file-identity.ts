// Whether a path still names the files that SQLite has open. A log that somebody has removed or replaced goes on taking
// writes without a word, and they are gone with the process: so it is looked at before each batch.

import { realpathSync, statSync } from "node:fs";
import { PgsoakError } from "../errors.ts";

interface Identity {
  readonly file: string;
  readonly device: number;
  readonly inode: number;
}

export class FileIdentity {
  readonly #path: string;
  readonly #files: readonly Identity[];

  /** Of the open log at `path`, with its write-ahead log. */
  constructor(path: string) {
    this.#path = path;
    // SQLite keeps the write-ahead log beside the file that a link leads to.
    this.#files = [path, `${realpathSync(path)}-wal`].flatMap((file) => identityOf(file) ?? []);
  }

  /** Throws log_unusable when one of them is gone or another file by now. */
  check(): void {
    for (const known of this.#files) {
      const now = identityOf(known.file);
      if (now?.inode === known.inode && now.device === known.device) continue;
      const what = now === null ? "is gone" : "was replaced";
      const message =
        `${known.file} ${what} while pgsoak writes the event log ${this.#path}. Nothing more is written. Put it back, or ` +
        `restart pgsoak: it goes on with what it finds there.`;
      throw new PgsoakError("log_unusable", message);
    }
  }
}

function identityOf(file: string): Identity | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? null : { file, device: stats.dev, inode: stats.ino };
}
