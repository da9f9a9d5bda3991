// The text of a configuration for a test: tables as objects, on top of what every test needs.

import { stringify } from "smol-toml";
import type { ServerAddress } from "./clusters-setup.ts";

type Value = string | number | boolean | readonly string[];
type Table = Readonly<Record<string, Value>>;

/** The tables of pgsoak.toml, with the names that the file has. */
export interface ConfigTables {
  readonly general?: Table;
  readonly databases?: readonly Table[];
  readonly mirroring?: readonly Table[];
  readonly users?: readonly Table[];
  readonly events?: Table;
  readonly api?: Table;
  readonly admin?: Table;
  readonly tls?: Table;
  readonly readiness?: Table;
}

export interface ListenPorts {
  readonly proxy: number;
  readonly api: number;
  readonly admin: number;
}

/** Every database of `primary`, and none mirrored. */
export function relayTables(primary: Pick<ServerAddress, "host" | "port">): ConfigTables {
  return { databases: [serverTable("*", primary)] };
}

/** Every database of `primary` mirrored to the one of the same name on `mirror`; the mirroring is `candidate`. */
export function mirrorTables(
  primary: Pick<ServerAddress, "host" | "port">,
  mirror: Pick<ServerAddress, "host" | "port">,
  mirroring: Table = {},
): ConfigTables {
  return {
    databases: [serverTable("*", primary), { ...serverTable("candidate", mirror), user: "postgres" }],
    mirroring: [{ source_db: "*", destination_db: "candidate", ...mirroring }],
  };
}

function serverTable(name: string, { host, port }: Pick<ServerAddress, "host" | "port">): Table {
  return { name, host, port, tls: "disable" };
}

/** TOML with `tables` on top of listeners on 127.0.0.1 and a log in `folder`. */
export function configText(tables: ConfigTables, folder: string, ports: ListenPorts): string {
  return stringify({
    ...tables,
    general: { host: "127.0.0.1", port: ports.proxy, threads: 1, ...tables.general },
    events: { path: `${folder}/pgsoak.db`, ...tables.events },
    api: { port: ports.api, ...tables.api },
    admin: { port: ports.admin, ...tables.admin },
  });
}
