// What TLS towards a server means under the entry's `tls`, with libpq's meanings (PostgreSQL 18 docs, 32.19):
//
//   prefer       encrypted where the server can, nothing is checked
//   require      encrypted, nothing is checked; with a tls_ca of its own like verify-ca, as in libpq
//   verify-ca    and the certificate leads to a trusted authority
//   verify-full  and it is for the host that was asked for

import { isIP } from "node:net";
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type SecureContext,
} from "node:tls";
import type { DatabaseConfig } from "../../config/config.ts";
import { POSTGRESQL_ALPN } from "./alpn.ts";

/** An entry that was read again is another object and gets a context of its own. */
const contexts = new WeakMap<DatabaseConfig, SecureContext>();
/** Authorities of Node.js and of the system: hundreds, so they are read once. */
let wellKnown: SecureContext | null = null;

/** Whether to ask the server for TLS at all. A Unix socket has none, as in libpq. */
export function wantsTls({ host, tls }: DatabaseConfig): boolean {
  return tls !== "disable" && !host.startsWith("/");
}

/** Whether plaintext will do. */
export function mayBePlain({ tls }: DatabaseConfig): boolean {
  return tls === "disable" || tls === "prefer";
}

/** Makes ready what the first connection would have to wait for: well-known authorities take tens of milliseconds. */
export function prepareServerTls(server: DatabaseConfig): void {
  if (wantsTls(server)) contextOf(server);
}

/** For `tls.connect()` over a socket that is connected already. */
export function serverTlsOptions(server: DatabaseConfig): ConnectionOptions {
  const { host } = server;
  return {
    secureContext: contextOf(server),
    rejectUnauthorized: checksChain(server),
    ALPNProtocols: [POSTGRESQL_ALPN],
    // An address is no server name (RFC 6066).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_, certificate) =>
      server.tls === "verify-full" ? checkServerIdentity(host, certificate) : undefined,
  };
}

function checksChain({ tls, tlsCa }: DatabaseConfig): boolean {
  return tls === "verify-ca" || tls === "verify-full" || (tls === "require" && tlsCa !== null);
}

function contextOf(server: DatabaseConfig): SecureContext {
  let context = contexts.get(server);
  if (context === undefined) {
    context = createContext(server);
    contexts.set(server, context);
  }
  return context;
}

function createContext(server: DatabaseConfig): SecureContext {
  const minVersion = "TLSv1.2";
  if (server.tlsCa !== null) return createSecureContext({ minVersion, ca: server.tlsCa.pem });
  if (!checksChain(server)) return createSecureContext({ minVersion });
  wellKnown ??= createSecureContext({
    minVersion,
    ca: [...getCACertificates("default"), ...getCACertificates("system")],
  });
  return wellKnown;
}
