// Who may read how much: the mirror connections of a thread share its event loop with the primary path. What they bring
// and the time it takes are bounded in each turn of the loop, for all of them together: whoever goes beyond is stopped
// and goes on when it is its turn, one connection a turn. Floods get as much in each of their long pauses, whatever
// their number.

import type { Socket } from "node:net";

const TURN_BYTES_MAX = 256 * 1024;
/** The smallest messages take far longer than their bytes tell. */
const TURN_MS_MAX = 1;
/** For floods it is the same for each pause of this length. */
const FLOOD_PAUSE_MS = 20;

export class ReadTurns {
  /** What came in this turn of the event loop, and how long it took. */
  #bytes = 0;
  #spentMs = 0;
  #isTurnPlanned = false;
  readonly #waiting: Socket[] = [];
  /** What floods have brought since the last pause, and how long it took. */
  #floodBytes = 0;
  #floodSpentMs = 0;
  #isPausePlanned = false;
  readonly #floods: Socket[] = [];

  /**
   * `socket` has brought so many bytes, which took so many milliseconds; `isFlood` says that nobody needs them. It may be
   * stopped until its turn.
   */
  took(socket: Socket, bytes: number, spentMs: number, isFlood: boolean): void {
    if (isFlood) {
      this.#floodBytes += bytes;
      this.#floodSpentMs += spentMs;
      if (this.#floodBytes >= TURN_BYTES_MAX || this.#floodSpentMs >= TURN_MS_MAX) stop(socket, this.#floods);
      this.#planPause();
    } else {
      this.#bytes += bytes;
      this.#spentMs += spentMs;
      if (this.#bytes >= TURN_BYTES_MAX || this.#spentMs >= TURN_MS_MAX) stop(socket, this.#waiting);
      this.#planTurn();
    }
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(() => {
      const spentMs = this.#spentMs;
      this.#bytes = 0;
      this.#spentMs = 0;
      // Others get as long as this took.
      if (spentMs < TURN_MS_MAX) this.#nextTurn();
      else setTimeout(() => this.#nextTurn(), spentMs);
    });
  }

  #nextTurn(): void {
    this.#isTurnPlanned = false;
    this.#waiting.shift()?.resume();
    if (this.#waiting.length > 0) this.#planTurn();
  }

  #planPause(): void {
    if (this.#isPausePlanned) return;
    this.#isPausePlanned = true;
    setTimeout(() => {
      this.#isPausePlanned = false;
      this.#floodBytes = 0;
      this.#floodSpentMs = 0;
      this.#floods.shift()?.resume();
      if (this.#floods.length > 0) this.#planPause();
    }, FLOOD_PAUSE_MS);
  }
}

function stop(socket: Socket, waiting: Socket[]): void {
  socket.pause();
  waiting.push(socket);
}
