// Runs a script against one way to the server and keeps every byte that comes back.

import { setImmediate as turn } from "node:timers/promises";
import { type Frame, RawClient } from "../helpers/frames.ts";
import { startupMessage } from "../helpers/messages.ts";
import { proofFor } from "../helpers/scram-login.ts";
import type { Target } from "./conditions.ts";
import { masked } from "./exceptions.ts";

export interface Script {
  readonly name: string;
  /** Startup parameters beside user and database. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly protocol?: number;
  /**
   * The server ends the connection at a first byte. Whoever writes on into a connection that is closed may lose what it said
   * last, directly as well: such a message is sent in one piece.
   */
  readonly endsAtOnce?: true;
  /** What the client does once it is in. It must read to a point that is the same in every run. */
  readonly talk: (client: RawClient) => Promise<unknown>;
}

/** Everything that was heard, frame by frame, and how it ended when the server ended it. */
export interface Heard {
  readonly frames: readonly Frame[];
  readonly end: "open" | "end" | "reset";
}

export interface HearOptions {
  readonly database: string;
  /** Sends every byte on its own, a turn of the event loop apart. */
  readonly byteByByte?: boolean;
  /** The server asks for it by SCRAM. Default: it trusts. */
  readonly password?: string;
  /** How a client connects; default in plaintext. */
  readonly connect?: (target: Target) => Promise<RawClient>;
}

export async function hear(target: Target, script: Script, options: HearOptions): Promise<Heard> {
  const connect = options.connect ?? ((to: Target) => RawClient.connect(to));
  await using client = await connect(target);
  if (options.byteByByte === true) dripping(client);
  const parameters = { user: "postgres", database: options.database, ...script.parameters };
  if (options.password === undefined) client.send(startupMessage(parameters, script.protocol));
  else client.send(await proofFor(client, parameters, options.password, script.protocol));
  await client.until("Z");
  const end = await script.talk(client);
  return { frames: masked(framesOf(client.received)), end: end === "end" || end === "reset" ? end : "open" };
}

/** Beyond so many bytes of one piece single bytes show nothing new. */
const DRIPPED_MAX = 1000;

function dripping(client: RawClient): void {
  const { socket } = client;
  let sent = Promise.resolve();
  client.send = (...messages) => {
    const bytes = Buffer.concat(messages);
    sent = sent.then(async () => {
      for (let at = 0; at < bytes.length && !socket.destroyed;) {
        const to = at < DRIPPED_MAX ? at + 1 : bytes.length;
        socket.write(bytes.subarray(at, to));
        at = to;
        await turn();
      }
    });
  };
  client.halfClose = () => {
    sent = sent.then(() => void socket.end());
  };
}

/** Cuts a whole stream into its frames; a last one that is not whole keeps what there is of it. */
function framesOf(stream: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < stream.length;) {
    const end = stream.length - at < 5 ? stream.length : at + 1 + stream.readUInt32BE(at + 1);
    frames.push({ type: stream.toString("latin1", at, at + 1), body: stream.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}
