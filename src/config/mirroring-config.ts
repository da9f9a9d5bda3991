// One effective [[mirroring]]: what it doesn't say itself is said by the mirror_* settings of [general].

import type { MirroringConfig, MirroringDefaults } from "./config.ts";
import type { Values } from "./read-table.ts";
import type { MIRRORING } from "./schema.ts";

export function mirroringConfig(mirroring: Values<typeof MIRRORING>, defaults: MirroringDefaults): MirroringConfig {
  return {
    name: mirroring.name ?? mirroring.destination_db,
    source: mirroring.source_db,
    destination: mirroring.destination_db,
    queueLength: mirroring.queue_length ?? defaults.queueLength,
    exposure: mirroring.exposure ?? defaults.exposure,
    exposureUnit: mirroring.exposure_unit ?? defaults.exposureUnit,
    level: mirroring.level ?? defaults.level,
    compare: mirroring.compare ?? defaults.compare,
    readOnly: mirroring.read_only ?? defaults.readOnly,
    users: { include: mirroring.include_users, exclude: mirroring.exclude_users },
    databases: { include: mirroring.include_databases, exclude: mirroring.exclude_databases },
    applications: { include: mirroring.include_applications, exclude: mirroring.exclude_applications },
    statements: { include: mirroring.include_statements, exclude: mirroring.exclude_statements },
    connections: mirroring.connections ?? defaults.connections,
    timeoutMs: mirroring.timeout_ms ?? defaults.timeoutMs,
  };
}
