// Stands between a primary and a client that pgsoak has let in itself, until the primary has let pgsoak in: what the primary
// asks is answered here, everything else it says is the client's, byte for byte.
//
//   primary ─┬─ Authentication… ─▶ ServerLogin ─ answer ─▶ primary
//            └─ AuthenticationOk, errors, notices, NegotiateProtocolVersion ─▶ client; behind the Ok everything

import { readAuthentication, readError, type ServerError } from "../protocol/backend.ts";
import { FrameBuffer, type WholeFrame } from "../protocol/frame-buffer.ts";
import { BackendMessage } from "../protocol/message-types.ts";
import type { LoginStep, ServerLogin } from "./server-login.ts";

/** Longest length that a frame may have before the primary let us in. */
const LENGTH_MAX = 65_536;
const NOTHING = Buffer.alloc(0);
/** What else a server may say before it lets anybody in. */
const PASSED: ReadonlySet<number> = new Set([
  BackendMessage.ErrorResponse,
  BackendMessage.NoticeResponse,
  BackendMessage.NegotiateProtocolVersion,
]);

export interface PrimaryLoginOwner {
  /** For the primary. */
  answer(bytes: Buffer): void;
  /** The primary can't be entered, says pgsoak; holds no secret. Called once, nothing follows. */
  failed(reason: string): void;
  /** The primary says so itself, and the client hears it. */
  refused(error: ServerError): void;
}

export class PrimaryLogin {
  readonly #login: ServerLogin;
  readonly #owner: PrimaryLoginOwner;
  readonly #frames = new FrameBuffer(LENGTH_MAX);
  #state: "login" | "admitted" | "failed" = "login";

  constructor(login: ServerLogin, owner: PrimaryLoginOwner) {
    this.#login = login;
    this.#owner = owner;
  }

  /** Takes what the primary said and returns what of it the client may hear. */
  take(chunk: Buffer): Buffer {
    if (this.#isAdmitted) return chunk;
    this.#frames.add(chunk);
    const passed: Buffer[] = [];
    while (this.#state === "login") {
      const frame = this.#frames.next();
      if (frame === null) break;
      if (frame === "invalid") this.#fail("the primary sent a message of an invalid length");
      else if (this.#frame(frame)) passed.push(frame.bytes);
    }
    if (this.#isAdmitted) passed.push(this.#frames.rest());
    return passed.length === 0 ? NOTHING : Buffer.concat(passed);
  }

  get #isAdmitted(): boolean {
    return this.#state === "admitted";
  }

  /** Whether the client hears it. */
  #frame({ type, body }: WholeFrame): boolean {
    if (type === BackendMessage.Authentication) {
      const step = this.#login.receive(readAuthentication(body, 0, body.length));
      if (step instanceof Promise) void step.then((later) => this.#proceed(later));
      else this.#proceed(step);
      return this.#isAdmitted;
    }
    if (type === BackendMessage.ErrorResponse) this.#owner.refused(readError(body, 0, body.length));
    if (PASSED.has(type)) return true;
    this.#fail("the primary went on before it had let pgsoak in");
    return false;
  }

  #proceed(step: LoginStep): void {
    if (this.#state !== "login") return;
    if ("failed" in step) this.#fail(step.failed);
    else if ("done" in step) this.#state = "admitted";
    else if (step.send !== null) this.#owner.answer(step.send);
  }

  #fail(reason: string): void {
    this.#state = "failed";
    this.#owner.failed(reason);
  }
}
