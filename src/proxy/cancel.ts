// CancelRequest: sending one to a server, and finding the session that a client's key belongs to. A client's cancel comes
// on a connection of its own, which may land on any thread.

import type { DatabaseConfig } from "../config/config.ts";
import { encodeCancel } from "./protocol/startup.ts";
import { ServerOpening } from "./tls/server-opening.ts";

/**
 * Asks `server` to cancel what runs under `key`. Resolves when the server has closed the connection, which it does after
 * the cancel was delivered, or when that can't be had within `timeoutMs`. It goes by TLS where a session would. Never rejects.
 */
export function sendCancel(server: DatabaseConfig, key: Buffer, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    let giveUp = (): void => opening.abort();
    const timer = setTimeout(() => {
      giveUp();
      done();
    }, timeoutMs);
    const opening = new ServerOpening(server, {
      opened: (socket) => {
        giveUp = () => socket.destroy();
        // PostgreSQL says nothing here: whoever does is not listened to.
        socket.on("data", giveUp);
        socket.on("end", () => socket.end());
        socket.on("error", () => undefined); // the close that follows is all there is to know
        socket.on("close", done);
        socket.write(encodeCancel(key));
      },
      failed: done,
    });
  });
}

/** A session that can be cancelled by its key. */
export interface Cancellable {
  /** Resolves when the primary has taken the cancel. */
  cancel(): Promise<void>;
}

export class CancelRegistry {
  readonly #sessions = new Map<string, Cancellable>();

  add(key: Buffer, session: Cancellable): void {
    this.#sessions.set(key.toString("latin1"), session);
  }

  remove(key: Buffer, session: Cancellable): void {
    const name = key.toString("latin1");
    if (this.#sessions.get(name) === session) this.#sessions.delete(name);
  }

  /** Cancels what runs under `key` on this thread. False when nobody here has it. */
  async cancel(key: Buffer): Promise<boolean> {
    const session = this.#sessions.get(key.toString("latin1"));
    if (session === undefined) return false;
    await session.cancel();
    return true;
  }
}
