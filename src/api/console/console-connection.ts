// One connection to the console: bytes in, one message at a time through login and session, bytes out as fast as the client
// takes them and no faster.

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { messageOf, PgsoakError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { encodeError, type ErrorFields } from "../../proxy/protocol/encode.ts";
import {
  encodeAuthenticationOk,
  encodeBackendKeyData,
  encodeNegotiateProtocolVersion,
  encodeParameterStatus,
} from "../../proxy/protocol/encode-server.ts";
import { FrameScanner } from "../../proxy/protocol/frame-scanner.ts";
import { FrontendMessage } from "../../proxy/protocol/message-types.ts";
import type { ScramVerifier } from "../../proxy/protocol/scram-verifier.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { type StartupMessage, wireToText } from "../../proxy/protocol/startup.ts";
import { NotRecordedError } from "../event-appender.ts";
import { BusyError, SilentLogError } from "../log-questions.ts";
import { WindowError } from "../../projections/window.ts";
import { ConsoleError } from "./console-error.ts";
import { ConsoleLogin, LoginRefused } from "./console-login.ts";
import { ConsoleSession } from "./console-session.ts";
import type { ConsoleSource } from "./console-source.ts";
import { SessionSettings } from "./session-settings.ts";
import type { Statement } from "./statement.ts";

/** A message of a client that is not in yet, and of one that is: no command is longer. */
const LOGIN_BYTES_MAX = 4096;
const MESSAGE_BYTES_MAX = 64 * 1024;
/** What is gathered before it is written. */
const OUTPUT_BYTES = 64 * 1024;
const TYPES: ReadonlySet<number> = new Set(Object.values(FrontendMessage));
const PROTOCOL_3_0 = 0x00030000;
const KEY_BYTES = 8;
const WHO_CHARACTERS_MAX = 63;
const UNPRINTABLE = /[^\p{L}\p{N}\p{P}\p{S} ]/gu;

export interface ConsoleConnectionOptions {
  readonly socket: Socket;
  readonly source: ConsoleSource;
  readonly log: Log;
  readonly loginMs: number;
  /** A client that takes nothing for so long is cut off. */
  readonly slowMs: number;
  readonly verifier: () => Promise<ScramVerifier | null>;
}

interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

export class ConsoleConnection {
  readonly #o: ConsoleConnectionOptions;
  readonly #socket: Socket;
  readonly #login: ConsoleLogin;
  readonly #loginTimer: NodeJS.Timeout;
  readonly #scanner: FrameScanner;
  readonly #frames: Frame[] = [];
  #session: ConsoleSession | null = null;
  #password: string | null = null;
  #who = "";
  #output: Buffer[] = [];
  #outputBytes = 0;
  /** Of a message that no client sends: what it claims to be long is not waited for. */
  #strangeType: number | null = null;
  #busy = false;
  #ended = false;

  constructor(options: ConsoleConnectionOptions) {
    const { socket, source } = options;
    this.#o = options;
    this.#socket = socket;
    this.#login = new ConsoleLogin({
      config: () => source.config,
      verifier: options.verifier,
      remoteAddress: socket.remoteAddress ?? "",
      send: (bytes) => this.#send(bytes),
    });
    const sink = {
      wanted: (type: number, bodyLength: number): number => {
        if (!TYPES.has(type)) this.#strangeType = type;
        return bodyLength;
      },
      frame: (type: number, buffer: Buffer, start: number, end: number): void => {
        this.#frames.push({ type, body: Buffer.from(buffer.subarray(start, end)) });
      },
    };
    this.#scanner = new FrameScanner(sink, LOGIN_BYTES_MAX);
    this.#loginTimer = setTimeout(() => this.#refuse(Sqlstate.QueryCanceled, LATE), options.loginMs);
    socket.on("data", (chunk) => {
      if (typeof chunk !== "string") void this.#take(chunk);
    });
    socket.on("error", () => undefined); // "close" follows
    socket.on("close", () => this.#close());
  }

  /** Ends it with a last word, which a client that waits for nothing may still read. */
  end(error: ErrorFields): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#loginTimer);
    this.#socket.setTimeout(this.#o.slowMs, () => this.#socket.destroy());
    this.#socket.end(Buffer.concat([...this.#output.splice(0), encodeError(error)]), () => this.#socket.destroy());
  }

  async #take(chunk: Buffer): Promise<void> {
    if (this.#ended) return;
    this.#socket.pause();
    try {
      if (this.#login.startup === null) await this.#start(chunk);
      else this.#scanner.scan(chunk);
      await this.#drain();
      const { bad } = this.#scanner;
      if (bad !== null) this.#refuse(Sqlstate.ProtocolViolation, `invalid message length: ${bad.length}`);
      else if (this.#strangeType !== null) {
        this.#refuse(Sqlstate.ProtocolViolation, `invalid frontend message type ${this.#strangeType}`);
      }
    } catch (error) {
      this.#failed(error);
    }
    if (!this.#ended) this.#socket.resume();
  }

  async #start(chunk: Buffer): Promise<void> {
    const rest = this.#login.takeStartup(chunk);
    if (rest !== null) {
      this.#password = this.#o.source.config.admin.password;
      await this.#login.begin();
      if (this.#login.isDone) this.#letIn();
      if (rest.length > 0) this.#scanner.scan(rest);
    }
    await this.#flush();
  }

  /** Works off what has come. */
  async #drain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let frame = this.#frames.shift(); frame !== undefined && !this.#ended; frame = this.#frames.shift()) {
        if (frame.type === FrontendMessage.Terminate) this.#close();
        else if (this.#session !== null) await this.#session.frame(frame.type, frame.body);
        else await this.#loginFrame(frame);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #loginFrame({ type, body }: Frame): Promise<void> {
    this.#login.frame(type, body);
    if (this.#login.isDone) this.#letIn();
    await this.#flush();
  }

  #letIn(): void {
    clearTimeout(this.#loginTimer);
    this.#scanner.lengthMax = MESSAGE_BYTES_MAX;
    const { source } = this.#o;
    const startup = this.#login.startup!;
    const given = (name: string): string => wireToText(startup.parameters.get(name) ?? "");
    const user = given("user");
    const settings = new SessionSettings(user, given("application_name"), source.version);
    const name = user.replace(UNPRINTABLE, "?").slice(0, WHO_CHARACTERS_MAX);
    this.#who = `${name} (console)`;
    this.#session = new ConsoleSession({
      session: { source, who: this.#who, user, database: given("database") || user, settings },
      authorise: (statement) => this.#authorise(statement),
      send: (bytes) => this.#send(bytes),
      flush: () => this.#flush(),
      explain: (error) => this.#explain(error),
    });
    this.#send(encodeAuthenticationOk());
    this.#negotiate(startup);
    for (const [parameter, value] of settings.reported()) this.#send(encodeParameterStatus(parameter, value));
    // There is nothing to cancel, but clients want a key.
    this.#send(encodeBackendKeyData(randomBytes(KEY_BYTES)));
    void this.#session.ready();
  }

  #negotiate({ minor, parameters }: StartupMessage): void {
    const options = [...parameters.keys()].filter((name) => name.startsWith("_pq_."));
    if (minor > 0 || options.length > 0) this.#send(encodeNegotiateProtocolVersion(PROTOCOL_3_0, options));
  }

  /** Asked for each statement by itself: a session lives on while the password changes. */
  #authorise({ changes }: Statement): void {
    if (this.#o.source.config.admin.password !== this.#password) {
      const hint = "Connect again.";
      throw new ConsoleError(Sqlstate.InvalidAuthorization, "the console's password has changed", { hint });
    }
    if (changes !== null)
      this.#o.log.info("a command was given on the admin console", { command: changes, who: this.#who });
  }

  #send(bytes: Buffer): void {
    if (this.#ended) return;
    this.#output.push(bytes);
    this.#outputBytes += bytes.length;
    if (this.#outputBytes >= OUTPUT_BYTES) this.#write();
  }

  #write(): boolean {
    const bytes = Buffer.concat(this.#output);
    this.#output = [];
    this.#outputBytes = 0;
    return bytes.length === 0 || !this.#socket.writable || this.#socket.write(bytes);
  }

  /** Resolves when the client has taken it, or is gone. */
  async #flush(): Promise<void> {
    this.#write();
    if (this.#ended || !this.#socket.writableNeedDrain) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#socket.destroy(), this.#o.slowMs);
    this.#socket.once("drain", resolve).once("close", resolve);
    await promise;
    clearTimeout(timer);
    this.#socket.off("drain", resolve).off("close", resolve);
  }

  #refuse(sqlstate: string, message: string): void {
    this.end({ severity: "FATAL", sqlstate, message });
  }

  #failed(error: unknown): void {
    if (error instanceof LoginRefused) {
      const { sqlstate, message } = error;
      const isRefusal = sqlstate === Sqlstate.InvalidPassword || sqlstate === Sqlstate.InvalidAuthorization;
      if (isRefusal) this.#o.log.warn("a login to the admin console was refused", { cause: this.#address() });
      if (sqlstate === null) this.#socket.destroy();
      else this.#refuse(sqlstate, message);
    } else {
      this.end({ ...this.#explain(error), severity: "FATAL" });
    }
  }

  #explain(error: unknown): ErrorFields {
    if (error instanceof ConsoleError) return error.fields;
    if (error instanceof NotRecordedError) {
      return { severity: "ERROR", sqlstate: Sqlstate.IoError, message: `not recorded: ${error.message}` };
    }
    if (error instanceof WindowError) {
      return { severity: "ERROR", sqlstate: Sqlstate.InvalidParameterValue, message: error.message };
    }
    if (error instanceof BusyError) {
      return { severity: "ERROR", sqlstate: Sqlstate.QueryCanceled, message: error.message };
    }
    // Whoever reads the log has logged it.
    if (error instanceof SilentLogError) {
      return { severity: "ERROR", sqlstate: Sqlstate.IoError, message: error.message };
    }
    if (error instanceof PgsoakError && error.code === "rebuilding") {
      return { severity: "ERROR", sqlstate: Sqlstate.NotInPrerequisiteState, message: error.message };
    }
    this.#o.log.error("the admin console failed to answer", { cause: messageOf(error) });
    const isLogError = error instanceof PgsoakError && error.code.startsWith("log_");
    return isLogError
      ? { severity: "ERROR", sqlstate: Sqlstate.IoError, message: "the event log cannot be read at the moment" }
      : { severity: "ERROR", sqlstate: Sqlstate.InternalError, message: "pgsoak failed to answer; its log says why" };
  }

  #address(): string {
    return `${this.#socket.remoteAddress}:${this.#socket.remotePort}`;
  }

  #close(): void {
    this.#ended = true;
    clearTimeout(this.#loginTimer);
    this.#socket.destroySoon();
  }
}

const LATE = "canceling authentication due to timeout";
