// TLS for clients: shows them the certificate and lays TLS over their sockets. A new certificate is a new object; the
// handshakes and sessions of the old one go on.

import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { TlsConfig } from "../../config/config.ts";
import { POSTGRESQL_ALPN } from "./alpn.ts";
import { tlsFailure } from "./tls-failure.ts";

export interface ClientTlsOwner {
  /** The handshake is done; what the client says next comes from the socket that accept() gave. */
  secured(): void;
  /** There will be no TLS; the socket is closed. `cause` completes "TLS could not be established: …". */
  failed(cause: string): void;
}

export class ClientTls {
  readonly #context: SecureContext;

  constructor(certificate: string, privateKey: string) {
    this.#context = createSecureContext({
      cert: certificate,
      key: privateKey,
      minVersion: "TLSv1.2",
      // As PostgreSQL: a client must not make us compute again and again, and no session outlives its connection.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
    });
  }

  /** Null without a certificate. */
  static of({ certificate, privateKey }: TlsConfig): ClientTls | null {
    return certificate === null || privateKey === null ? null : new ClientTls(certificate.pem, privateKey.pem);
  }

  /**
   * Begins the handshake on a socket that nobody listens to any more. `hello` are bytes of it that have come already.
   * What was written before goes out first.
   */
  accept(socket: Socket, hello: Buffer | null, owner: ClientTlsOwner): TLSSocket {
    socket.pause();
    if (hello !== null) socket.unshift(hello);
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      // A client that names protocols and not this one is refused in the handshake.
      ALPNProtocols: [POSTGRESQL_ALPN],
    });
    let isOver = false;
    const failed = (cause: string): void => {
      secured.destroy();
      if (isOver) return;
      isOver = true;
      owner.failed(cause);
    };
    secured.once("secure", () => {
      if (isOver) return;
      isOver = true;
      owner.secured();
    });
    secured.on("error", (error) => failed(tlsFailure(error)));
    // Behind the handshake an error of TLS itself comes by this name, and leaves the socket open.
    secured.on("_tlsError", (error: Error) => failed(tlsFailure(error)));
    secured.on("end", () => {
      if (!isOver) failed("the client left during the handshake");
    });
    secured.on("close", () => failed("the client left during the handshake"));
    return secured;
  }
}

/** The version of TLS that a client's connection has, "" in plaintext. */
export function tlsVersionOf(client: Socket): string {
  return client instanceof TLSSocket ? (client.getProtocol() ?? "TLS") : "";
}
