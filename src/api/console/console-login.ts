// The beginning of a console connection: encryption requests, the StartupMessage, and SCRAM where a password is set. One
// step at a time; whatever comes out of turn ends the connection.
//
//   startup ──▶ sasl_first ──▶ sasl_final ──▶ done
//      └── no password ──────────────────────▶ done

import type { Config } from "../../config/config.ts";
import { encodeSasl, encodeSaslContinue, encodeSaslFinal } from "../../proxy/protocol/encode-server.ts";
import { FrontendMessage, RequestCode } from "../../proxy/protocol/message-types.ts";
import { ScramServer, type ScramVerifier } from "../../proxy/protocol/scram-server.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import {
  readStartupPacket,
  type StartupMessage,
  STARTUP_BYTES_MAX,
  unsupportedProtocol,
  wireToText,
} from "../../proxy/protocol/startup.ts";

const SCRAM_SHA_256 = "SCRAM-SHA-256";
const NOT_ENCRYPTED = Buffer.from("N");
const LOOPBACK = /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/;

/** The connection ends with this FATAL error; null: without a word. */
export class LoginRefused extends Error {
  readonly sqlstate: string | null;

  constructor(sqlstate: string | null, message: string) {
    super(message);
    this.name = "LoginRefused";
    this.sqlstate = sqlstate;
  }
}

export interface LoginOptions {
  readonly config: () => Config;
  /** Of the password that is set; null when none is. */
  readonly verifier: () => Promise<ScramVerifier | null>;
  readonly remoteAddress: string;
  readonly send: (bytes: Buffer) => void;
}

export class ConsoleLogin {
  readonly #o: LoginOptions;
  #state: "startup" | "sasl_first" | "sasl_final" | "done" = "startup";
  #startup: StartupMessage | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #asked = new Set<string>();
  #scram: ScramServer | null = null;

  constructor(options: LoginOptions) {
    this.#o = options;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** What the client has said it is; null before. */
  get startup(): StartupMessage | null {
    return this.#startup;
  }

  /**
   * Takes bytes until the StartupMessage is whole; returns what stands behind it, or null when more must come. Throws
   * LoginRefused.
   */
  takeStartup(chunk: Buffer): Buffer | null {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const packet = readStartupPacket(this.#bytes, STARTUP_BYTES_MAX);
      if (packet === null) return null;
      const rest = this.#bytes.subarray(packet.length);
      switch (packet.type) {
        case "ssl":
        case "gssenc":
          this.#encryption(packet.type, rest);
          break;
        case "startup":
          this.#startup = packet;
          this.#bytes = Buffer.alloc(0);
          return rest;
        case "malformed":
          throw new LoginRefused(packet.sqlstate, packet.message);
        case "cancel":
        case "direct_tls":
        case "invalid":
          throw new LoginRefused(null, packet.type);
      }
      this.#bytes = rest;
    }
  }

  /** Called once behind the StartupMessage. */
  async begin(): Promise<void> {
    const verifier = await this.#o.verifier();
    if (verifier !== null) {
      this.#scram = new ScramServer(verifier);
      this.#state = "sasl_first";
      this.#o.send(encodeSasl([SCRAM_SHA_256]));
    } else if (LOOPBACK.test(this.#o.remoteAddress)) {
      this.#state = "done";
    } else {
      throw new LoginRefused(Sqlstate.InvalidAuthorization, "without a password the console serves this machine only");
    }
  }

  /** One frame of the client's before it is in. */
  frame(type: number, body: Buffer): void {
    if (type !== FrontendMessage.Password) {
      throw new LoginRefused(Sqlstate.ProtocolViolation, `expected SASL response, got message type ${type}`);
    }
    if (this.#state === "sasl_first") this.#first(body);
    else this.#final(body);
  }

  #first(body: Buffer): void {
    const nameEnd = body.indexOf(0);
    const mechanism = body.toString("latin1", 0, Math.max(0, nameEnd));
    if (mechanism !== SCRAM_SHA_256) {
      throw new LoginRefused(Sqlstate.ProtocolViolation, "client selected an invalid SASL authentication mechanism");
    }
    const data = body.subarray(nameEnd + 5);
    const length = body.length - nameEnd < 5 ? -1 : body.readInt32BE(nameEnd + 1);
    const answer = length === data.length ? this.#scram!.first(data) : null;
    if (answer === null) throw new LoginRefused(Sqlstate.ProtocolViolation, "malformed SCRAM message");
    this.#state = "sasl_final";
    this.#o.send(encodeSaslContinue(answer));
  }

  #final(body: Buffer): void {
    const answer = this.#scram!.final(body);
    if (answer === "malformed") throw new LoginRefused(Sqlstate.ProtocolViolation, "malformed SCRAM message");
    if (answer === "refused") {
      const user = wireToText(this.#startup?.parameters.get("user") ?? "");
      throw new LoginRefused(
        Sqlstate.InvalidPassword,
        `password authentication failed for user "${user.slice(0, 63)}"`,
      );
    }
    this.#o.send(encodeSaslFinal(answer));
    this.#state = "done";
  }

  /** Each kind may be asked for once. What came ahead of the answer is not taken for the client's (CVE-2021-23222). */
  #encryption(type: "ssl" | "gssenc", rest: Buffer): void {
    if (this.#asked.has(type)) {
      const code = type === "ssl" ? RequestCode.Ssl : RequestCode.Gssenc;
      throw new LoginRefused(Sqlstate.FeatureNotSupported, unsupportedProtocol(code >>> 16, code & 0xffff));
    }
    this.#asked.add(type);
    this.#o.send(NOT_ENCRYPTED);
    if (rest.length > 0) {
      const request = type === "ssl" ? "SSL request" : "GSSAPI encryption request";
      throw new LoginRefused(Sqlstate.ProtocolViolation, `received unencrypted data after ${request}`);
    }
  }
}
