// A client that has connected and not yet said what for: its handshake, in plaintext or TLS, within its time for the login.

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { sayGoodbye } from "./goodbye.ts";
import { Handshake } from "./handshake.ts";
import type { StartupMessage } from "./protocol/startup.ts";
import { POSTGRESQL_ALPN } from "./tls/alpn.ts";
import type { ClientTls } from "./tls/client-tls.ts";

/** Each but left() gives the socket away, without listeners of ours. */
export interface ArrivalOwner {
  startup(socket: Socket, message: StartupMessage, packet: Buffer, rest: Buffer): void;
  cancel(socket: Socket, key: Buffer): void;
  /** It gets nothing, or no more than its last words. `reason` is null when its time is over. */
  turnedAway(reason: string | null): void;
  /** Called once, for whichever reason: it is no arrival any more. */
  left(): void;
}

export interface ArrivalOptions {
  readonly socket: Socket;
  /** Null: there is no certificate. */
  readonly tls: ClientTls | null;
  readonly timeoutMs: number;
  readonly owner: ArrivalOwner;
}

export class Arrival {
  readonly #tls: ClientTls | null;
  readonly #owner: ArrivalOwner;
  readonly #handshake: Handshake;
  readonly #timer: NodeJS.Timeout;
  readonly #onData = (chunk: unknown): void => {
    if (chunk instanceof Buffer) this.#handshake.take(chunk);
  };
  readonly #onEnd = (): void => void this.#socket.destroy();
  readonly #onClose = (): void => void this.#leave();
  #socket: Socket;
  #over = false;

  constructor({ socket, tls, timeoutMs, owner }: ArrivalOptions) {
    this.#socket = socket;
    this.#tls = tls;
    this.#owner = owner;
    this.#timer = setTimeout(() => this.#reject(null), timeoutMs);
    this.#handshake = new Handshake(tls !== null, {
      answer: (byte) => this.#socket.write(byte),
      encrypt: (hello) => this.#encrypt(hello),
      startup: (message, packet, rest) => owner.startup(this.#leave(), message, packet, rest),
      cancel: (key) => owner.cancel(this.#leave(), key),
      reject: (reason) => this.#reject(reason),
      refuse: (lastWord, reason) => {
        owner.turnedAway(reason);
        sayGoodbye(this.#leave(), lastWord);
      },
    });
    this.#listen(socket);
  }

  /** Closes without a word. */
  destroy(): void {
    this.#leave().destroy();
  }

  #listen(socket: Socket): void {
    socket.on("error", () => undefined); // "close" follows
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onClose);
  }

  #unlisten(): void {
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("close", this.#onClose);
  }

  #encrypt(hello: Buffer | null): void {
    if (this.#tls === null || this.#socket.destroyed) return;
    this.#unlisten();
    const secured: TLSSocket = this.#tls.accept(this.#socket, hello, {
      secured: () => {
        const isDirect = hello !== null;
        if (isDirect && secured.alpnProtocol !== POSTGRESQL_ALPN) {
          // Without it the handshake may have been meant for a server of another protocol (ALPACA attacks).
          this.#reject("direct TLS without the ALPN protocol postgresql");
        } else this.#handshake.secured();
      },
      failed: (cause) => this.#reject(`TLS could not be established: ${cause}`),
    });
    this.#socket = secured;
    this.#listen(secured);
  }

  #reject(reason: string | null): void {
    if (this.#over) return;
    this.#owner.turnedAway(reason);
    this.#socket.destroy();
    this.#leave();
  }

  /** Whoever gets the socket listens to it from now on. */
  #leave(): Socket {
    if (!this.#over) {
      this.#over = true;
      clearTimeout(this.#timer);
      this.#unlisten();
      this.#owner.left();
    }
    return this.#socket;
  }
}
