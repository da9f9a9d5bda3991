// Runs bad input through a proxy beside a session that was there before: it must not notice, and afterwards nothing of the
// bad input may be left.

import { expect } from "vitest";
import type { TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { RawClient } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { query } from "../helpers/messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { backTo, expectNothingLeft, holdingsOf, openSockets } from "./nothing-left.ts";

/** No queue is too short for what a batch of bad input can make, and no machine too busy to answer it in time. */
const MIRRORING = { queue_length: 10_000, timeout_ms: 5000 };
const SONG = query("SELECT 'still here'");

export async function besideCanary(database: TestDatabase, work: (proxy: InlineProxy) => Promise<void>): Promise<void> {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, MIRRORING));
  await using canary = await RawClient.login(proxy, { user: "postgres", database: database.name });
  const song = await canary.exchange(SONG);
  await waitFor(async () => (await proxy.eventsOf("mirrored")).length === 1, { message: "the canary is mirrored" });
  const holdings = holdingsOf(proxy);
  const sockets = openSockets();
  await work(proxy);
  expect(await canary.exchange(SONG)).toEqual(song);
  await backTo(proxy, holdings);
  await waitFor(() => openSockets() <= sockets, { message: `${openSockets()} sockets become ${sockets} again` });
  await canary[Symbol.asyncDispose]();
  await expectNothingLeft(proxy);
}
