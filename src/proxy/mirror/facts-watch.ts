// Asks the mirror now and then what it says about itself, so that evidence from before an upgrade or a changed setting is
// not taken for evidence about the server of today. One per mirroring and thread; any session's connection will do.

import type { Facts } from "../../events/event.ts";
import { MIRROR_FACTS_SQL } from "../../events/mirror-facts.ts";
import { encodeQuery } from "../protocol/encode.ts";
import type { OwnRequest } from "./own-requests.ts";

/** Those of a database can change without the server reading any. */
const ASK_AGAIN_MS = 60_000;
/** Databases that are asked about; their names come from clients. */
const DATABASES_MAX = 100;
/** Rows of one answer; a mirror may say what it likes. */
const FACTS_MAX = 128;

const FRAMES = encodeQuery(MIRROR_FACTS_SQL);

/** `database` is null for what is said about the server. */
export type TellFacts = (database: string | null, facts: Facts) => void;

export class FactsWatch {
  readonly #tell: TellFacts;
  #started = "";
  /** When each database was asked about, in monotonic milliseconds. */
  readonly #askedMs = new Map<string, number>();

  constructor(tell: TellFacts) {
    this.#tell = tell;
  }

  /** A connection says when its server was started and read its settings: when that is news, it may be another one. */
  started(when: string): void {
    if (when === this.#started) return;
    this.#started = when;
    this.#askedMs.clear();
  }

  isDue(database: string, nowMs: number): boolean {
    const askedMs = this.#askedMs.get(database);
    if (askedMs === undefined) return this.#askedMs.size < DATABASES_MAX;
    return nowMs - askedMs >= ASK_AGAIN_MS;
  }

  /** What to ask on a connection to `database`. */
  ask(database: string, nowMs: number): OwnRequest {
    this.#askedMs.set(database, nowMs);
    const server: Record<string, string> = {};
    const own: Record<string, string> = {};
    let rows = 0;
    return {
      frames: FRAMES,
      onRow: ([name, value, scope]) => {
        if (typeof name !== "string" || typeof value !== "string" || ++rows > FACTS_MAX) return;
        if (scope === "server") server[name] = value;
        else if (scope === "database") own[name] = value;
      },
      onDone: ({ failed }) => {
        if (failed) return;
        this.#tell(null, server);
        this.#tell(database, own);
      },
    };
  }
}
