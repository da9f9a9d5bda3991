// The beginning of a connection to a server: TCP or a Unix socket, then, as the entry's `tls` says, TLS. What comes out
// is a socket that can carry the protocol, or one reason why there is none. Whoever opens sees to the time that it takes.
//
//   connecting ─▶ asked (SSLRequest) ─ S ─▶ handshake ─▶ opened
//        └───────────────┴─ N, where plaintext will do ─▶ opened

import type { Socket } from "node:net";
import { connect } from "node:tls";
import type { DatabaseConfig } from "../../config/config.ts";
import { encodeSslRequest } from "../protocol/startup.ts";
import { connectTo } from "../sockets.ts";
import { mayBePlain, serverTlsOptions, wantsTls } from "./server-tls.ts";
import { tlsFailure } from "./tls-failure.ts";

const YES = 0x53; // S
const NO = 0x4e; // N
const ERROR = 0x45; // E

export interface OpeningFailure {
  /** TLS is what could not be had: that the network is there is no help, and trying again is none either. */
  readonly tls: boolean;
  /** The system's error code, or a clause in words of our own. */
  readonly cause: string;
}

export interface OpeningOwner {
  /**
   * The server can be talked to. `tls` is the version of TLS, "" in plaintext. The socket is flowing: its owner listens
   * before it returns. An error that comes later is followed by "close".
   */
  opened(socket: Socket, tls: string): void;
  failed(failure: OpeningFailure): void;
}

export class ServerOpening {
  readonly #server: DatabaseConfig;
  readonly #owner: OpeningOwner;
  #socket: Socket;
  #over = false;

  /** The owner is told once, and never before the constructor has returned. */
  constructor(server: DatabaseConfig, owner: OpeningOwner) {
    this.#server = server;
    this.#owner = owner;
    this.#socket = this.#connect(wantsTls(server));
  }

  /** Gives up; the owner hears nothing more. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.destroy();
  }

  #connect(withTls: boolean): Socket {
    const socket = connectTo(this.#server);
    socket.once("connect", () => {
      if (withTls) this.#ask(socket);
      else this.#opened(socket, "");
    });
    this.#watch(socket, (error) => this.#failed({ tls: false, cause: error.code ?? "socket error" }));
    return socket;
  }

  /** Only the socket in use speaks: one that TLS was laid over, or that was given up, has nothing to say any more. */
  #watch(socket: Socket, failed: (error: NodeJS.ErrnoException) => void): void {
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // An error of TLS alone leaves the socket open.
      if (this.#over) socket.destroy();
      else if (socket === this.#socket) failed(error);
    });
    socket.on("close", () => {
      if (socket === this.#socket) this.#failed({ tls: false, cause: "the server closed the connection" });
    });
  }

  #ask(socket: Socket): void {
    const closed = (): void => this.#failed({ tls: false, cause: "the server closed the connection" });
    socket.on("end", closed);
    socket.once("data", (answer) => {
      socket.off("end", closed);
      if (typeof answer !== "string") this.#answered(socket, answer);
    });
    socket.write(encodeSslRequest());
  }

  #answered(socket: Socket, answer: Buffer): void {
    const fail = (cause: string): void => this.#failed({ tls: true, cause });
    // Not trusted before it is known whose it is, so not shown either (CVE-2024-10977).
    if (answer[0] === ERROR) fail("the server answered the request for TLS with an error");
    // CVE-2021-23222: what somebody put behind the answer must never be taken for what the server said.
    else if (answer.length > 1) fail("the server sent unencrypted data behind its answer");
    else if (answer[0] === YES) this.#secure(socket);
    else if (answer[0] !== NO) fail("the server's answer to the request for TLS is none");
    else if (mayBePlain(this.#server)) this.#opened(socket, "");
    else fail("the server does not have it");
  }

  #secure(socket: Socket): void {
    socket.pause();
    const secured = connect({ socket, ...serverTlsOptions(this.#server) });
    this.#socket = secured;
    this.#watch(secured, (error) => this.#handshakeFailed(error));
    secured.once("secureConnect", () => this.#opened(secured, secured.getProtocol() ?? "TLS"));
  }

  #handshakeFailed(error: Error): void {
    if (!mayBePlain(this.#server)) {
      this.#failed({ tls: true, cause: tlsFailure(error) });
      return;
    }
    // As libpq does under "prefer": a handshake that fails is no more than a server without TLS.
    const failed = this.#socket;
    this.#socket = this.#connect(false);
    failed.destroy();
  }

  #opened(socket: Socket, tls: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.opened(socket, tls);
  }

  #failed(failure: OpeningFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.destroy();
    this.#owner.failed(failure);
  }
}
