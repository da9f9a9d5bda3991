// The beginning of a console connection: encryption requests, the StartupMessage, and SCRAM where a password is set. One
// step at a time; whatever comes out of turn ends the connection.
//
//   startup ──▶ sasl ──▶ done
//      └── no password ─▶ done

import type { Config } from "../../config/config.ts";
import { RequestCode } from "../../proxy/protocol/message-types.ts";
import { SASL_OFFER, SaslExchange, unexpectedType } from "../../proxy/protocol/sasl-exchange.ts";
import type { ScramVerifier } from "../../proxy/protocol/scram-verifier.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import {
  readStartupPacket,
  type StartupMessage,
  STARTUP_BYTES_MAX,
  unsupportedProtocol,
  wireToText,
} from "../../proxy/protocol/startup.ts";

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
  #state: "startup" | "sasl" | "done" = "startup";
  #startup: StartupMessage | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #asked = new Set<string>();
  #sasl: SaslExchange | null = null;

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
      this.#sasl = new SaslExchange(verifier);
      this.#state = "sasl";
      this.#o.send(SASL_OFFER);
    } else if (LOOPBACK.test(this.#o.remoteAddress)) {
      this.#state = "done";
    } else {
      throw new LoginRefused(Sqlstate.InvalidAuthorization, "without a password the console serves this machine only");
    }
  }

  /** One frame of the client's before it is in. */
  frame(type: number, body: Buffer): void {
    const unexpected = unexpectedType(type);
    if (unexpected !== null) throw new LoginRefused(unexpected.sqlstate, unexpected.message);
    const step = this.#sasl!.receive(body);
    if (step.type === "refused") throw new LoginRefused(step.error.sqlstate, step.error.message);
    if (step.type === "wrong") {
      const user = wireToText(this.#startup?.parameters.get("user") ?? "");
      throw new LoginRefused(
        Sqlstate.InvalidPassword,
        `password authentication failed for user "${user.slice(0, 63)}"`,
      );
    }
    this.#o.send(step.send);
    if (step.type === "proved") this.#state = "done";
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
