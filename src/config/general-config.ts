// The effective [general]: "auto" resolved, the alias of the error threshold taken for it.

import { availableParallelism, platform } from "node:os";
import type { GeneralConfig } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";
import type { Values } from "./read-table.ts";
import type { GENERAL } from "./schema.ts";
import { autoThreads } from "./threads.ts";

const ERROR_THRESHOLD = ["general", "mirror_error_threshold"];
const ERROR_THRESHOLD_ALIAS = ["general", "mirror_failure_threshold"];

export function generalConfig(general: Values<typeof GENERAL>, mistakes: Mistakes): GeneralConfig {
  if (general.mirror_failure_threshold !== null && mistakes.isGiven(ERROR_THRESHOLD)) {
    mistakes.add(ERROR_THRESHOLD_ALIAS, `contradicts ${mistakes.refer(ERROR_THRESHOLD)}: give one of them`);
  }
  return {
    host: general.host,
    port: general.port,
    threads: general.threads === "auto" ? autoThreads(platform(), availableParallelism()) : general.threads,
    auth: general.auth,
    maxConnections: general.max_connections,
    loginTimeoutMs: general.login_timeout_ms,
    shutdownTimeoutMs: general.shutdown_timeout_ms,
    maxMessageBytes: general.max_message_bytes,
    mirroringDefaults: {
      queueLength: general.mirror_queue,
      exposure: general.mirror_exposure,
      exposureUnit: general.mirror_exposure_unit,
      level: general.mirror_level,
      compare: general.mirror_compare,
      readOnly: general.mirror_read_only,
      connections: general.mirror_connections,
      timeoutMs: general.mirror_timeout_ms,
    },
    mirrorQueueBytes: general.mirror_queue_bytes,
    mirrorMetricsEnabled: general.mirror_metrics_enabled,
    mirrorErrorThreshold: general.mirror_failure_threshold ?? general.mirror_error_threshold,
    mirrorLatencyThresholdMs: general.mirror_latency_threshold_ms,
    mirrorMetricsResetIntervalS: general.mirror_metrics_reset_interval,
  };
}
