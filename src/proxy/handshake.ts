// The beginning of a client connection: answers encryption requests until the packet comes that says what the connection
// is for. Bytes that came ahead of an answer are never taken as protocol data.
//
//   plaintext ─ SSLRequest: N ─▶ plaintext
//       ├────── SSLRequest: S ─▶ TLS handshake ─▶ encrypted
//       └────── a TLS record ──▶ TLS handshake ─▶ encrypted      (direct TLS, PostgreSQL 17+)

import { encodeError } from "./protocol/encode.ts";
import { RequestCode } from "./protocol/message-types.ts";
import { Sqlstate } from "./protocol/sqlstate.ts";
import { readStartupPacket, type StartupMessage, STARTUP_BYTES_MAX, unsupportedProtocol } from "./protocol/startup.ts";

const NOT_ENCRYPTED = Buffer.from("N");
const ENCRYPTED = Buffer.from("S");
/** Where a startup packet has its major version. */
const VERSION_OFFSET = 4;

export interface HandshakeOwner {
  /** One byte for the client, in answer to a request for encryption. */
  answer(byte: Buffer): void;
  /**
   * The client begins a TLS handshake: `hello` is what of it has come. take() is given what comes out of it, behind
   * secured().
   */
  encrypt(hello: Buffer | null): void;
  /** `packet` is the StartupMessage as it came, `rest` what the client sent behind it. */
  startup(message: StartupMessage, packet: Buffer, rest: Buffer): void;
  cancel(key: Buffer): void;
  /** Not a client of ours: close without a word. */
  reject(reason: string): void;
  /** Close with these last words, which say what `reason` says. */
  refuse(lastWord: Buffer, reason: string): void;
}

export class Handshake {
  readonly #hasTls: boolean;
  readonly #owner: HandshakeOwner;
  #bytes: Buffer = Buffer.alloc(0);
  #sslAsked = false;
  #gssAsked = false;
  #encrypting = false;
  #encrypted = false;

  /** `hasTls`: there is a certificate to show. */
  constructor(hasTls: boolean, owner: HandshakeOwner) {
    this.#hasTls = hasTls;
    this.#owner = owner;
  }

  get #mayEncrypt(): boolean {
    return this.#hasTls && !this.#encrypted;
  }

  /** TLS is established. Behind an SSLRequest another request for encryption is none, as in PostgreSQL. */
  secured(): void {
    this.#encrypting = false;
    this.#encrypted = true;
    this.#gssAsked ||= this.#sslAsked;
  }

  /** Takes what the client sent. The owner is told once what the connection is for. */
  take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (!this.#encrypting) {
      const packet = readStartupPacket(this.#bytes, STARTUP_BYTES_MAX);
      if (packet === null) return;
      const rest = this.#bytes.subarray(packet.length);
      switch (packet.type) {
        case "ssl":
          if (this.#sslAsked) return this.#unsupported(RequestCode.Ssl);
          this.#sslAsked = true;
          // Without TLS the answer changes nothing; with it, nothing more is said in plaintext but the end.
          if (rest.length > 0 && !this.#mayEncrypt) this.#owner.answer(NOT_ENCRYPTED);
          if (rest.length > 0) return this.#early("SSL request");
          this.#ssl();
          break;
        case "gssenc":
          if (this.#gssAsked) return this.#unsupported(RequestCode.Gssenc);
          this.#gssAsked = true;
          this.#owner.answer(NOT_ENCRYPTED);
          if (rest.length > 0) return this.#early("GSSAPI encryption request");
          break;
        case "startup":
          return this.#owner.startup(packet, this.#bytes.subarray(0, packet.length), rest);
        case "cancel":
          return this.#owner.cancel(packet.key);
        case "direct_tls":
          return this.#direct();
        case "invalid":
          return this.#owner.reject(packet.reason);
        case "malformed":
          return this.#refuse(packet.sqlstate, packet.message);
      }
      this.#bytes = rest;
    }
  }

  #ssl(): void {
    if (!this.#mayEncrypt) {
      this.#owner.answer(NOT_ENCRYPTED);
      return;
    }
    this.#encrypting = true;
    this.#owner.answer(ENCRYPTED);
    this.#owner.encrypt(null);
  }

  /** Only as the very first byte of a connection: PostgreSQL takes it for a length anywhere else. */
  #direct(): void {
    if (!this.#hasTls) return this.#owner.reject("TLS is not configured");
    if (this.#encrypted || this.#sslAsked || this.#gssAsked) {
      return this.#owner.reject("a TLS handshake in place of a startup packet");
    }
    const hello = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.#encrypting = true;
    this.#owner.encrypt(hello);
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
