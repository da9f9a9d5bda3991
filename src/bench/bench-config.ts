// The configuration of the pgsoak that is measured: a database for each way, all of them on the same primary.

import { BANK_DATABASE } from "../demo/bank.ts";
import type { DemoServers } from "../demo/demo-servers.ts";
import type { PostgresServer } from "../demo/postgres-server.ts";

/** Through pgsoak without a mirror, with one that keeps up, with one that hangs. */
export type ServedWay = "relay" | "mirrored" | "hung";

export interface BenchPorts {
  readonly proxy: number;
  readonly api: number;
  readonly admin: number;
}

/** A burst of the fastest load must find room, or dropped requests would make mirroring look cheap. */
const QUEUE_LENGTH = 5000;

const database = (name: string, { host, port, user }: PostgresServer, isMirror = false): string => `
[[databases]]
name = "${name}"
host = "${host}"
port = ${port}
database_name = "${BANK_DATABASE}"
tls = "disable"
${isMirror ? `user = "${user}"` : ""}`;

const mirroring = (source: ServedWay, destination: string): string => `
[[mirroring]]
source_db = "${source}"
destination_db = "${destination}"
queue_length = ${QUEUE_LENGTH}`;

/** `log` is where the event log is made. */
export function benchConfig({ proxy, api, admin }: BenchPorts, { primary, mirror }: DemoServers, log: string): string {
  return `
[general]
port = ${proxy}
[api]
port = ${api}
[admin]
port = ${admin}
[events]
path = ${JSON.stringify(log)}
${database("relay", primary)}
${database("mirrored", primary)}
${database("hung", primary)}
${database("candidate", mirror, true)}
${database("hanging", mirror, true)}
${mirroring("mirrored", "candidate")}
${mirroring("hung", "hanging")}
`;
}
