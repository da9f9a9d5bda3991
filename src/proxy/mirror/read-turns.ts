// Who may read how much: the mirror connections of a thread share its event loop with the primary path. What they bring
// in one turn of the loop is bounded for all of them together; whoever goes beyond is stopped and goes on when it is
// its turn, one connection a turn. Floods get far less: so many bytes in each pause, whatever their number.

import type { Socket } from "node:net";

const TURN_BYTES_MAX = 256 * 1024;
const FLOOD_BYTES_MAX = 256 * 1024;
const FLOOD_PAUSE_MS = 20;

export class ReadTurns {
  /** What came in this turn of the event loop. */
  #bytes = 0;
  #isTurnPlanned = false;
  readonly #waiting: Socket[] = [];
  /** What floods have brought since the last pause. */
  #floodBytes = 0;
  #isPausePlanned = false;
  readonly #floods: Socket[] = [];

  /** `socket` has brought so many bytes; `isFlood` says that nobody needs them. It may be stopped until its turn. */
  took(socket: Socket, bytes: number, isFlood: boolean): void {
    if (isFlood) {
      this.#floodBytes += bytes;
      if (this.#floodBytes >= FLOOD_BYTES_MAX) stop(socket, this.#floods);
      this.#planPause();
    } else {
      this.#bytes += bytes;
      if (this.#bytes >= TURN_BYTES_MAX) stop(socket, this.#waiting);
      this.#planTurn();
    }
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(() => {
      this.#isTurnPlanned = false;
      this.#bytes = 0;
      this.#waiting.shift()?.resume();
      if (this.#waiting.length > 0) this.#planTurn();
    });
  }

  #planPause(): void {
    if (this.#isPausePlanned) return;
    this.#isPausePlanned = true;
    setTimeout(() => {
      this.#isPausePlanned = false;
      this.#floodBytes = 0;
      this.#floods.shift()?.resume();
      if (this.#floods.length > 0) this.#planPause();
    }, FLOOD_PAUSE_MS);
  }
}

function stop(socket: Socket, waiting: Socket[]): void {
  socket.pause();
  waiting.push(socket);
}
