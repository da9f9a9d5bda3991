// The beginning of a client connection: answers encryption requests until the packet comes that says what the connection
// is for. Bytes that came ahead of an answer are never taken as protocol data.

import type { Socket } from "node:net";
import { encodeError, type ErrorFields } from "./protocol/encode.ts";
import { RequestCode } from "./protocol/message-types.ts";
import { Sqlstate } from "./protocol/sqlstate.ts";
import { readStartupPacket, type StartupMessage, STARTUP_BYTES_MAX, unsupportedProtocol } from "./protocol/startup.ts";

/** pgsoak's answer to SSLRequest and GSSENCRequest as long as it has no certificate. */
const NOT_ENCRYPTED = Buffer.from("N");

export interface HandshakeOwner {
  /** `packet` is the StartupMessage as it came, `rest` what the client sent behind it. */
  startup(message: StartupMessage, packet: Buffer, rest: Buffer): void;
  cancel(key: Buffer): void;
  /** Not a client of ours: close without a word. */
  reject(reason: string): void;
  /** Close with this error. */
  refuse(error: ErrorFields): void;
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
          if (rest.length > 0) return this.#early("SSL request");
          this.#sslAsked = true;
          this.#gssAsked = false;
          break;
        case "gssenc":
          if (this.#gssAsked) return this.#unsupported(RequestCode.Gssenc);
          if (rest.length > 0) return this.#early("GSSAPI encryption request");
          this.#gssAsked = true;
          this.#sslAsked = false;
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
          return this.#owner.refuse({ severity: "FATAL", sqlstate: packet.sqlstate, message: packet.message });
      }
      this.#bytes = rest;
      this.#socket.write(NOT_ENCRYPTED);
    }
  }

  /** PostgreSQL takes a second request of the same kind for a protocol version. */
  #unsupported(code: number): void {
    const message = unsupportedProtocol(code >>> 16, code & 0xffff);
    this.#owner.refuse({ severity: "FATAL", sqlstate: Sqlstate.FeatureNotSupported, message });
  }

  /** CVE-2021-23222: whoever wrote ahead of the answer may not be who we talk to afterwards. */
  #early(request: string): void {
    this.#owner.refuse({
      severity: "FATAL",
      sqlstate: Sqlstate.ProtocolViolation,
      message: `received unencrypted data after ${request}`,
      detail: "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.",
    });
  }
}

/** Writes a last error and closes. */
export function sayGoodbye(socket: Socket, error: ErrorFields): void {
  socket.end(encodeError(error));
}
