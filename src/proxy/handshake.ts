// The beginning of a client connection: answers encryption requests until the packet comes that says what the connection
// is for. Bytes that came ahead of an answer are never taken as protocol data.

import type { Socket } from "node:net";
import { encodeError } from "./protocol/encode.ts";
import { RequestCode } from "./protocol/message-types.ts";
import { Sqlstate } from "./protocol/sqlstate.ts";
import { readStartupPacket, type StartupMessage, STARTUP_BYTES_MAX, unsupportedProtocol } from "./protocol/startup.ts";

/** pgsoak's answer to SSLRequest and GSSENCRequest as long as it has no certificate. */
const NOT_ENCRYPTED = Buffer.from("N");
/** Where a startup packet has its major version. */
const VERSION_OFFSET = 4;

export interface HandshakeOwner {
  /** `packet` is the StartupMessage as it came, `rest` what the client sent behind it. */
  startup(message: StartupMessage, packet: Buffer, rest: Buffer): void;
  cancel(key: Buffer): void;
  /** Not a client of ours: close without a word. */
  reject(reason: string): void;
  /** Close with these last words, which say what `reason` says. */
  refuse(lastWord: Buffer, reason: string): void;
}

export class Handshake {
  readonly #socket: Socket;
  readonly #owner: HandshakeOwner;
  #bytes: Buffer = Buffer.alloc(0);
  #sslAsked = false;
  #gssAsked = false;

  constructor(socket: Socket, owner: HandshakeOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /** Takes what the client sent. The owner is called at most once. */
  take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const packet = readStartupPacket(this.#bytes, STARTUP_BYTES_MAX);
      if (packet === null) return;
      const rest = this.#bytes.subarray(packet.length);
      switch (packet.type) {
        case "ssl":
          if (this.#sslAsked) return this.#unsupported(RequestCode.Ssl);
          this.#sslAsked = true;
          this.#socket.write(NOT_ENCRYPTED);
          if (rest.length > 0) return this.#early("SSL request");
          break;
        case "gssenc":
          if (this.#gssAsked) return this.#unsupported(RequestCode.Gssenc);
          this.#gssAsked = true;
          this.#socket.write(NOT_ENCRYPTED);
          if (rest.length > 0) return this.#early("GSSAPI encryption request");
          break;
        case "startup":
          return this.#owner.startup(packet, this.#bytes.subarray(0, packet.length), rest);
        case "cancel":
          return this.#owner.cancel(packet.key);
        case "direct_tls":
          return this.#owner.reject("TLS is not configured");
        case "invalid":
          return this.#owner.reject(packet.reason);
        case "malformed":
          return this.#refuse(packet.sqlstate, packet.message);
      }
      this.#bytes = rest;
    }
  }

  /** PostgreSQL takes a second request of the same kind for a protocol version. */
  #unsupported(code: number): void {
    this.#refuse(Sqlstate.FeatureNotSupported, unsupportedProtocol(code >>> 16, code & 0xffff));
  }

  /** CVE-2021-23222: whoever wrote ahead of the answer may not be who we talk to afterwards. */
  #early(request: string): void {
    const detail = "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.";
    this.#refuse(Sqlstate.ProtocolViolation, `received unencrypted data after ${request}`, detail);
  }

  #refuse(sqlstate: string, message: string, detail?: string): void {
    const error = { severity: "FATAL", sqlstate, message, ...(detail === undefined ? {} : { detail }) } as const;
    // A client of protocol 2 knows errors of plain text only.
    const old = this.#bytes.readUInt16BE(VERSION_OFFSET) < 3;
    this.#owner.refuse(old ? Buffer.from(`EFATAL:  ${message}\n\0`) : encodeError(error), message);
  }
}
