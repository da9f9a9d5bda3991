// What the relay's tests share: a proxy without mirrors in front of one server, and what a connection that is turned away
// gets to hear.

import { type ConfigTables, relayTables } from "../../helpers/config-text.ts";
import { errorFields, type Frame, RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export const POSTGRES = { user: "postgres", database: "postgres" };

/** Every database of `server`, none mirrored. */
export function startRelay(server: Target, general: ConfigTables["general"] = {}): Promise<InlineProxy> {
  return startInlineProxy({ ...relayTables(server), general });
}

/** Everything that a server says to these packets, each sent on its own, until it closes. */
export async function lastWords(target: Target, ...packets: readonly Buffer[]): Promise<Buffer> {
  await using client = await RawClient.connect(target);
  for (const packet of packets) {
    const before = client.received.length;
    client.send(packet);
    // An encryption request is answered by one byte, and the next packet must not come ahead of it.
    if (packet !== packets.at(-1)) await client.byte();
    if (client.received.length === before && packet !== packets.at(-1)) throw new Error("no answer");
  }
  await client.closed();
  return client.received;
}

/** The fields of the ErrorResponse that ends a connection: what is read before it is thrown away. */
export async function fatal(client: RawClient): Promise<Record<string, string>> {
  const error = (await client.until("E")).at(-1)!;
  await client.closed();
  return errorFields(error);
}

/** The text of the first column of every row. */
export function values(frames: readonly Frame[]): string[] {
  return frames.filter(({ type }) => type === "D").map(({ body }) => body.toString("utf8", 6, 6 + body.readInt32BE(2)));
}

/** The types of the frames as one word: `TDCZ`. */
export function types(frames: readonly Frame[]): string {
  return frames.map(({ type }) => type).join("");
}
