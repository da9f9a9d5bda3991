// A mirror in a thread of its own, so that what it pours costs the test's own clock nothing. It is sane or answers what
// clients ask with a flood, as it is told: `null` or the bytes to pour.

import { parentPort, workerData } from "node:worker_threads";
import { FakeServer, relayTo } from "../helpers/fake-server.ts";

const target: { host: string; port: number } = workerData;
let flood: Buffer | null = null;

const server = await FakeServer.start(
  relayTo(target, (peer, frame) => {
    const hostile = flood !== null && frame.type === "Q" && frame.body.includes("'asked'");
    if (hostile) void peer.pour(flood!);
    return hostile;
  }),
);

parentPort!.on("message", (bytes: Uint8Array | null) => {
  flood = bytes === null ? null : Buffer.from(bytes);
  server.cut();
  parentPort!.postMessage(null);
});
parentPort!.postMessage(server.port);
