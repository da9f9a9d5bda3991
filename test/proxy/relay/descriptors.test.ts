// Without file descriptors left no client can be taken; with some again, it goes on as if nothing had been.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { primary } from "../../helpers/clusters.ts";
import { relayTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { query, startupMessage } from "../../helpers/messages.ts";
import { startPgsoakProcess } from "../../helpers/pgsoak-process.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { POSTGRES, values } from "./relay.ts";

const CLIENTS = 60;
const TICKS_PER_S = 100;

/** CPU seconds that a process has used, user and system. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

test.runIf(process.platform === "linux")(
  "out of descriptors, clients that are in go on, the process does not spin, and new clients are served when there are some",
  async () => {
    await using pgsoak = await startPgsoakProcess({ tables: relayTables(primary()) });
    const pid = pgsoak.pid!;
    await using early = await RawClient.login(pgsoak.proxy, POSTGRES);
    const open = readdirSync(`/proc/${pid}/fd`).length;
    execFileSync("prlimit", ["--pid", String(pid), `--nofile=${open + 20}`]);
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(pgsoak.proxy)));
    for (const client of clients) client.send(startupMessage(POSTGRES));
    // Some are in, some are told 57P03 because there is none for the primary, the others are closed or wait to be taken.
    await waitFor(() => clients.some((client) => client.received.includes("57P03") || client.socket.readableEnded));
    const before = cpuSeconds(pid);
    const beganMs = performance.now();
    for (let n = 0; n < 50; n++) expect(values(await early.exchange(query("SELECT 'served'")))).toEqual(["served"]);
    await waitFor(() => performance.now() - beganMs > 500);
    expect((cpuSeconds(pid) - before) / ((performance.now() - beganMs) / 1000)).toBeLessThan(0.7);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await waitFor(async () => {
      await using client = await RawClient.login(pgsoak.proxy, POSTGRES);
      return values(await client.exchange(query("SELECT 'again'")))[0] === "again";
    });
  },
);
