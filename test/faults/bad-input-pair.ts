// Two clients that say the same: one through the proxy, one to the primary itself. What they hear must be the same bytes.

import type { TestDatabase } from "../helpers/clusters.ts";
import { errorFields, type Frame, RawClient } from "../helpers/frames.ts";
import { query } from "../helpers/messages.ts";

/** How a client ends: it says that it is done, it goes away in order, or its host vanishes. */
export type Ending = "half-close" | "close" | "reset";

export class Pair implements AsyncDisposable {
  readonly #proxied: RawClient;
  readonly #direct: RawClient;

  private constructor(proxied: RawClient, direct: RawClient) {
    this.#proxied = proxied;
    this.#direct = direct;
  }

  static async login(proxy: { host: string; port: number }, database: TestDatabase): Promise<Pair> {
    const parameters = { user: "postgres", database: database.name };
    const [proxied, direct] = await Promise.all([
      RawClient.login(proxy, parameters),
      RawClient.login(database.primary, parameters),
    ]);
    return new Pair(proxied, direct);
  }

  /** Says this to both, then makes the session as new; throws where what they hear differs. */
  async say(marker: string, ...pieces: readonly Buffer[]): Promise<void> {
    const all = [...pieces, asNew(marker)];
    const heard = await Promise.all([sayTo(this.#proxied, all, marker), sayTo(this.#direct, all, marker)]);
    expectSame(heard[0], heard[1]);
  }

  /** Says this to both and ends both; throws where what they hear differs, but for pgsoak's own word on a length. */
  async sayLast(pieces: readonly Buffer[], ending: Ending): Promise<void> {
    const clients = [this.#proxied, this.#direct];
    await Promise.all(clients.map((client) => send(client, pieces)));
    if (ending === "half-close") {
      for (const client of clients) client.halfClose();
      const [proxied, direct] = await Promise.all(clients.map(untilEnd));
      // A reset throws away what was on its way, on either side: then only what was heard can be compared.
      if ((await this.#proxied.closed()) === "reset" || (await this.#direct.closed()) === "reset") {
        const heard = Math.min(proxied!.length, direct!.length);
        expectSame(proxied!.slice(0, heard), direct!.slice(0, heard));
      } else if (isRefusal(proxied!.at(-1))) expectSame(proxied!.slice(0, -1), direct!.slice(0, proxied!.length - 1));
      else expectSame(proxied!, direct!);
    } else if (ending === "reset") {
      for (const client of clients) client.reset();
    }
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#proxied[Symbol.asyncDispose](), this.#direct[Symbol.asyncDispose]()]);
  }
}

/** Ends a transaction and forgets prepared statements; the answer holds `marker`. */
function asNew(marker: string): Buffer {
  return query(`ROLLBACK; DEALLOCATE ALL; SELECT '${marker}'`);
}

/** pgsoak's own word on a length that no message has; what the primary would have said of it is not heard any more. */
function isRefusal(frame: Frame | undefined): boolean {
  return frame?.type === "E" && /^invalid message length: \d+$/.test(errorFields(frame)["M"] ?? "");
}

async function send(client: RawClient, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    client.send(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function sayTo(client: RawClient, pieces: readonly Buffer[], marker: string): Promise<Frame[]> {
  await send(client, pieces);
  const heard: Frame[] = [];
  do heard.push(await client.frame());
  while (!(heard.at(-1)!.type === "D" && heard.at(-1)!.body.includes(marker)));
  heard.push(...(await client.until("Z")));
  return heard;
}

/** Whole frames up to the end of the connection. */
async function untilEnd(client: RawClient): Promise<Frame[]> {
  const heard: Frame[] = [];
  await client.closed();
  for (;;) {
    try {
      heard.push(await client.frame());
    } catch {
      return heard;
    }
  }
}

function expectSame(proxied: readonly Frame[], direct: readonly Frame[]): void {
  for (let n = 0; n < Math.max(proxied.length, direct.length); n++) {
    const [seen, expected] = [shown(proxied[n]), shown(direct[n])];
    if (seen !== expected) throw new Error(`message ${n} through the proxy: ${seen}; the primary's: ${expected}`);
  }
}

function shown(frame: Frame | undefined): string {
  return frame === undefined ? "nothing" : `${frame.type} ${frame.body.toString("latin1")}`;
}
