// What the log is told about the mirrorings of a run: the settings whose change begins an epoch, and the exposure.

import type { Config } from "../config/config.ts";
import { mirroringSettings } from "../config/mirroring-settings.ts";
import type { RunMirroring } from "../events/event.ts";

export function runMirrorings(config: Config): RunMirroring[] {
  return config.mirrorings.map((mirroring) => {
    return { name: mirroring.name, settings: mirroringSettings(config, mirroring), exposure: mirroring.exposure };
  });
}
