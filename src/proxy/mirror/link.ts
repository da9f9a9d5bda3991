// A session's line to its mirror: whether there is a connection, whether one may be had, and how to end it. What is said
// over it is the session's affair.

import type { Failure } from "../recording.ts";
import { type Entrant, mirrorCredentialFor } from "../auth/credential.ts";
import { sendCancel } from "../cancel.ts";
import { textToWire, wireToText } from "../protocol/startup.ts";
import { categorise } from "./categorise.ts";
import { type ConnectionEnd, type ConnectionOwner, type Expectation, MirrorConnection } from "./connection.ts";
import type { MirrorDestination } from "./destination.ts";
import type { Enter } from "./mirror.ts";

/** A session whose own login is refused asks again after this long. */
const REFUSED_PAUSE_MS = 5000;
/** The mirror has this long to take a CancelRequest. */
const CANCEL_MS = 2000;

const DOWN: Failure = { category: "connection", attribution: "plumbing", sqlstate: "", message: "the mirror is down" };

export interface LinkOwner {
  /** Whatever comes from the connection, or later than it was asked for, comes through this. */
  readonly enter: Enter;
  /** A connection is there, fresh from its login. */
  linkReady(): void;
  /** A connection that was ready is gone, and not because of disconnect(). */
  linkLost(end: ConnectionEnd): void;
  /** An attempt or a cancel has ended: what waited may go on. */
  linkChanged(): void;
  wanted(type: number): number;
  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void;
  drained(): void;
  expectation(): Expectation;
}

export class MirrorLink implements ConnectionOwner {
  readonly #destination: MirrorDestination;
  readonly #owner: LinkOwner;
  readonly #client: ReadonlyMap<string, string>;
  readonly #database: string;
  readonly #entrant: Entrant | null;
  #connection: MirrorConnection | null = null;
  #ready = false;
  /** Whether the connection began with default_transaction_read_only: what RESET and DISCARD go back to. */
  #readOnly = false;
  #hasSlot = false;
  #cancelling = false;
  #refusedUntilMs = 0;
  #refusal: Failure | null = null;

  /** `parameters` are the client's startup parameters, `database` the one that it asked for, `entrant` what it proved to us. */
  constructor(
    destination: MirrorDestination,
    owner: LinkOwner,
    parameters: ReadonlyMap<string, string>,
    database: string,
    entrant: Entrant | null,
  ) {
    this.#destination = destination;
    this.#owner = owner;
    this.#client = parameters;
    this.#database = database;
    this.#entrant = entrant;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Whether writes to the database have come to be kept from the mirror, or are so no longer, since it was opened. */
  get isOutdated(): boolean {
    return this.#ready && this.#readOnly !== this.#destination.isReadsOnly(this.#database);
  }

  /** A CancelRequest is on its way: until the mirror has taken it, it might hit the wrong request. */
  get isCancelling(): boolean {
    return this.#cancelling;
  }

  /** Whether more may be written without growing memory. */
  get writable(): boolean {
    return this.#ready && this.#connection!.writable;
  }

  /** Has or gets one of the connections that the mirroring may have. */
  takeSlot(): boolean {
    this.#hasSlot ||= this.#destination.takeConnection();
    return this.#hasSlot;
  }

  /** Gives the slot back when there is no connection. */
  giveSlot(): void {
    if (!this.#hasSlot || this.#connection !== null) return;
    this.#hasSlot = false;
    this.#destination.giveConnection();
  }

  /** "ready", "wait" for linkReady() or linkChanged(), or why no connection can be had now. */
  reach(): "ready" | "wait" | Failure {
    if (this.#ready) return "ready";
    if (this.#connection !== null) return "wait";
    if (this.#isRefused()) return this.#refusal ?? DOWN;
    switch (this.#destination.permission()) {
      case "go":
        this.#connect();
        return "wait";
      case "wait":
        return "wait";
      case "down":
        return this.#refusal ?? DOWN;
    }
  }

  /** Tries to connect without having anything to run, if the back-off allows it. */
  probe(): void {
    if (this.#connection !== null || this.#isRefused() || !this.takeSlot()) return;
    if (this.#destination.permission() === "go") this.#connect();
    else this.giveSlot();
  }

  write(bytes: Buffer): void {
    this.#connection!.write(bytes);
  }

  /** Sends several frames in one go. */
  writeAll(write: () => void): void {
    const connection = this.#connection!;
    connection.cork();
    write();
    connection.uncork();
  }

  /** Tells the mirror to stop what it runs. */
  cancel(): void {
    const connection = this.#connection;
    if (connection === null || connection.key === null || this.#cancelling) return;
    this.#cancelling = true;
    const taken = (): void => {
      if (this.#connection !== connection) return;
      this.#cancelling = false;
      this.#owner.linkChanged();
    };
    void sendCancel(this.#destination.server, connection.key, CANCEL_MS).then(() => this.#owner.enter(taken));
  }

  /** Gives the connection up for a reason of our own. */
  disconnect(): void {
    const connection = this.#connection;
    if (connection === null) return;
    const wasReady = this.#ready;
    this.#forget(false);
    if (wasReady) connection.close();
    else connection.destroy();
  }

  /** Gives up a connection that does not react any more. The owner hears of it. */
  abandon(reason: string): void {
    if (!this.#ready) return;
    this.#connection!.destroy();
    this.#forget(true);
    this.#owner.linkLost({ sqlstate: "", reason, refused: false });
  }

  // The connection's side.

  ready(): void {
    this.#ready = true;
    this.#refusal = null;
    this.#destination.reached(this.#connection?.tls ?? "");
    this.#owner.linkReady();
  }

  ended(end: ConnectionEnd): void {
    if (this.#ready) {
      this.#forget(true);
      this.#owner.linkLost(end);
      return;
    }
    this.#connection = null;
    this.#refusal = failureOf("login", end);
    if (end.refused && this.#destination.hasConnections) {
      this.#refusedUntilMs = this.#nowMs() + REFUSED_PAUSE_MS;
      this.#destination.rejected(reasonOf(end));
    } else {
      this.#destination.failed(reasonOf(end), end.refused);
    }
    this.#owner.linkChanged();
  }

  wanted(type: number): number {
    return this.#owner.wanted(type);
  }

  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void {
    this.#owner.frame(type, buffer, start, end, bodyLength);
  }

  drained(): void {
    this.#owner.drained();
  }

  expectation(): Expectation {
    return this.#owner.expectation();
  }

  #connect(): void {
    try {
      this.#connection = this.#newConnection();
    } catch (error) {
      // The attempt was ours to make: nobody else makes one before it is over.
      this.#destination.gaveUp();
      throw error;
    }
  }

  #newConnection(): MirrorConnection {
    this.#readOnly = this.#destination.isReadsOnly(this.#database);
    const parameters = startupParameters(this.#destination, this.#client, this.#database, this.#readOnly);
    const { server, users } = this.#destination;
    const user = wireToText(parameters.get("user") ?? "");
    return new MirrorConnection({
      owner: this,
      enter: this.#owner.enter,
      server,
      parameters,
      credential: mirrorCredentialFor({ server, user, database: this.#database, users, entrant: this.#entrant }),
      timeoutMs: this.#destination.config.timeoutMs,
      maxMessageBytes: this.#destination.maxMessageBytes,
    });
  }

  #forget(lost: boolean): void {
    if (this.#ready) this.#destination.ended(lost);
    else this.#destination.gaveUp();
    this.#connection = null;
    this.#ready = false;
    this.#cancelling = false;
  }

  #isRefused(): boolean {
    return this.#nowMs() < this.#refusedUntilMs;
  }

  #nowMs(): number {
    return this.#destination.recording.clock.nowMs();
  }
}

/** Why a request has no answer, when the connection ended like this. */
export function failureOf(phase: "login" | "ready", end: ConnectionEnd): Failure {
  const { category, attribution } = categorise({ phase, sqlstate: end.sqlstate, timedOut: false, socketError: true });
  return { category, attribution, sqlstate: end.sqlstate, message: end.reason };
}

/** With the SQLSTATE that the mirror gave. */
const reasonOf = ({ sqlstate, reason }: ConnectionEnd): string => (sqlstate === "" ? reason : `${sqlstate}: ${reason}`);

/** The client's own, entered as the mirror's database entry says. */
function startupParameters(
  destination: MirrorDestination,
  client: ReadonlyMap<string, string>,
  database: string,
  readOnly: boolean,
): ReadonlyMap<string, string> {
  const { user, databaseName } = destination.server;
  const parameters = new Map(client);
  if (user !== null) parameters.set("user", textToWire(user));
  parameters.set("database", textToWire(databaseName ?? database));
  parameters.delete("replication");
  for (const name of client.keys()) if (name.startsWith("_pq_.")) parameters.delete(name);
  if (readOnly) parameters.set("default_transaction_read_only", "on");
  return parameters;
}
