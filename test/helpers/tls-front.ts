// A server behind TLS with a certificate of the test's choice: takes the SSLRequest, does the handshake, and passes what
// is inside to a server in plaintext. Any certificate, without starting a server for each.

import { connect } from "node:net";
import { TLSSocket } from "node:tls";
import type { Certified } from "./certificates.ts";
import type { Behaviour } from "./fake-server.ts";

/** What a connection was like from this side. */
export interface Handshaken {
  /** SNI, or false. */
  readonly servername: unknown;
  readonly alpn: string | false | null;
  /** The first bytes inside TLS. */
  readonly first: Buffer;
}

/** `heard` is told of each connection that has said something. */
export function behindTls(
  target: { readonly host: string; readonly port: number },
  { certificate, privateKey }: Certified,
  heard: (handshaken: Handshaken) => void = () => {},
): Behaviour {
  return async (peer) => {
    const { socket } = peer;
    await peer.startup();
    socket.removeAllListeners("data");
    socket.removeAllListeners("end");
    socket.write("S");
    const secured = new TLSSocket(socket, {
      isServer: true,
      cert: certificate,
      key: privateKey,
      ALPNProtocols: ["postgresql"],
      // Asked for nothing but to be told the name.
      SNICallback: (_, done) => done(null),
    });
    const server = connect({ host: target.host, port: target.port, noDelay: true });
    const end = (): void => {
      secured.destroy();
      server.destroy();
    };
    for (const side of [secured, server]) side.on("error", end).on("close", end);
    secured.once("data", (first: Buffer) => {
      const servername: unknown = Reflect.get(secured, "servername");
      heard({ servername, alpn: secured.alpnProtocol, first });
    });
    secured.pipe(server).pipe(secured);
    await peer.gone;
  };
}
