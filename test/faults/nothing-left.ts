// What a proxy must be back to when its clients have gone, whatever they or the mirror did: no session, no connection and
// no byte is held, and the books balance.

import { residueOf } from "../../src/projections/conservation.ts";
import {
  CLIENT_CONNECTIONS,
  MIRROR_CONNECTIONS,
  MIRROR_QUEUE_BYTES,
  MIRROR_QUEUE_DEPTH,
  MIRROR_SESSIONS,
  QUEUE_BYTES,
  SESSIONS,
} from "../../src/proxy/gauges.ts";
import type { InlineProxy } from "../helpers/inline-proxy.ts";
import { waitFor } from "../helpers/wait-for.ts";

export interface Holdings {
  readonly clients: number;
  readonly sessions: number;
  readonly queueBytes: number;
  readonly mirrorSessions: number;
  readonly queueDepth: number;
  readonly mirrorQueueBytes: number;
}

/** What the proxy holds; connections to the mirror are left out, since an idle session may have one or none. */
export function holdingsOf({ gauges }: InlineProxy): Holdings {
  return {
    clients: gauges.sum(CLIENT_CONNECTIONS),
    sessions: gauges.sum(SESSIONS),
    queueBytes: gauges.sum(QUEUE_BYTES),
    mirrorSessions: gauges.sumMirroring(0, MIRROR_SESSIONS),
    queueDepth: gauges.sumMirroring(0, MIRROR_QUEUE_DEPTH),
    mirrorQueueBytes: gauges.sumMirroring(0, MIRROR_QUEUE_BYTES),
  };
}

/** Waits until the proxy of an only mirroring holds as much as `holdings` says, nothing in flight, and the books balance. */
export async function backTo(proxy: InlineProxy, holdings: Holdings): Promise<void> {
  const expected = JSON.stringify(holdings);
  let now = "";
  try {
    await waitFor(() => (now = JSON.stringify(holdingsOf(proxy))) === expected);
  } catch {
    throw new Error(`the proxy holds ${now} instead of ${expected}`);
  }
  await waitFor(async () => (await residueIn(proxy)) === 0, { message: "the books balance" });
}

/** Waits until a proxy that nobody uses any more has given everything back. */
export async function expectNothingLeft(proxy: InlineProxy): Promise<void> {
  const nothing = { sessions: 0, queueBytes: 0, mirrorSessions: 0, queueDepth: 0, mirrorQueueBytes: 0 };
  await backTo(proxy, { clients: 0, ...nothing });
  await waitFor(() => proxy.gauges.sumMirroring(0, MIRROR_CONNECTIONS) === 0, {
    message: "every connection to the mirror is given back",
  });
}

/** Requests that the events can't explain, when none is in flight. */
async function residueIn(proxy: InlineProxy): Promise<number> {
  const balance = { seen: 0, skipped: 0, selected: 0, mirrored: 0, errored: 0, dropped: 0, unrecorded: 0 };
  for (const event of await proxy.events()) {
    if (event.kind === "tallied") balance.seen += event.seen;
    else if (event.kind === "skipped") balance.skipped += event.count;
    else if (event.kind === "unrecorded") balance.unrecorded += event.requests ?? 0;
    else if (event.kind === "queued") balance.selected++;
    else if (event.kind === "mirrored" || event.kind === "errored") balance[event.kind]++;
    else if (event.kind === "dropped") {
      balance.dropped++;
      if (!event.wasQueued) balance.selected++;
    }
  }
  return residueOf(balance, 0);
}

/** TCP connections and listeners of this process. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith("TCP")).length;
}
