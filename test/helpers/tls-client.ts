// Raw clients that speak TLS: behind an SSLRequest as every client does, or directly as PostgreSQL 17 allows.

import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { RawClient } from "./frames.ts";
import { sslRequest } from "./messages.ts";

interface Target {
  readonly host: string;
  readonly port: number;
}

export interface SecureSockets {
  /** What is said on it is encrypted. */
  readonly secured: TLSSocket;
  /** The connection below, where one can say what doesn't belong there. */
  readonly raw: Socket;
}

/** Asks for TLS and does the handshake; the certificate is not looked at unless `options` say so. */
export async function askForTls(target: Target, options: ConnectionOptions = {}): Promise<SecureSockets> {
  const raw = await plain(target);
  raw.write(sslRequest());
  const [answer] = await once(raw, "data");
  if (String(answer) !== "S") throw new Error(`the answer to SSLRequest was ${JSON.stringify(String(answer))}`);
  return await handshake(raw, options);
}

/** Begins with TLS at once. */
export async function beginWithTls(target: Target, options: ConnectionOptions = {}): Promise<SecureSockets> {
  return await handshake(await plain(target), options);
}

/** Logs in by trust through TLS. */
export async function loginByTls(target: Target, startup: Buffer, options: ConnectionOptions = {}): Promise<RawClient> {
  const { secured } = await askForTls(target, options);
  const client = RawClient.over(secured);
  client.send(startup);
  await client.until("Z");
  return client;
}

async function plain({ host, port }: Target): Promise<Socket> {
  const raw = connectPlain({ host, port, noDelay: true, allowHalfOpen: true });
  await once(raw, "connect");
  return raw;
}

async function handshake(raw: Socket, options: ConnectionOptions): Promise<SecureSockets> {
  const secured = connect({ socket: raw, rejectUnauthorized: false, ...options });
  await once(secured, "secureConnect");
  return { secured, raw };
}
