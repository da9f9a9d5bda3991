// The settings of a mirroring whose change makes older evidence worthless: which mirror, which requests, how they are
// compared. Exposure, queue sizes, connections and timeouts are not among them. They are kept with every run.

import type { Config, MirroringConfig, NameFilter } from "./config.ts";

/** By their names in the configuration, as text; the order of a list is no difference. */
export function mirroringSettings(config: Config, mirroring: MirroringConfig): Record<string, string> {
  const server = config.databases.find(({ name }) => name === mirroring.destination);
  const { host = "", port = "", databaseName = null } = server ?? {};
  return {
    mirror: `${host}:${port}/${databaseName ?? "*"}`,
    source_db: mirroring.source,
    level: mirroring.level,
    compare: mirroring.compare,
    read_only: String(mirroring.readOnly),
    ...filterSettings("users", mirroring.users),
    ...filterSettings("databases", mirroring.databases),
    ...filterSettings("applications", mirroring.applications),
    ...filterSettings("statements", mirroring.statements),
  };
}

function filterSettings(what: string, { include, exclude }: NameFilter): Record<string, string> {
  return {
    [`include_${what}`]: JSON.stringify(include.toSorted()),
    [`exclude_${what}`]: JSON.stringify(exclude.toSorted()),
  };
}
