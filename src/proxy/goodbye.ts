// The end of a client's connection from our side: what was written before may still reach a slow reader, then comes the
// last word, then the socket goes, whatever the client does.

import type { Socket } from "node:net";

/** A client that takes nothing of what waits for it for this long is cut off. */
const FLUSH_MS = 30_000;
/** A client that has everything has this long to close its side. */
const LINGER_MS = 2000;

/** Closes behind what was written and `lastWord`, if there is one. What the client still sends is thrown away. */
export function sayGoodbye(client: Socket, lastWord: Buffer | null): void {
  if (client.destroyed) return;
  // Not read while it flushes: a client that only sends must not look like one that takes.
  client.pause();
  client.setTimeout(FLUSH_MS, () => client.destroy());
  const linger = (): void => {
    const timer = setTimeout(() => client.destroy(), LINGER_MS);
    client.on("close", () => clearTimeout(timer));
    // Closing with unread bytes would be a reset, which may cost the client the last word.
    client.removeAllListeners("data");
    client.resume();
  };
  client.on("error", () => undefined); // "close" follows
  if (lastWord === null) client.end(linger);
  else client.end(lastWord, linger);
}
