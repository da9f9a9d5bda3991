// The configuration as it is in force now, for everybody on the main thread, and which mirrorings are paused. Only
// controls.ts changes it.

import type { Config } from "../config/config.ts";

export class ConfigInForce {
  config: Config;
  paused: ReadonlySet<string> = new Set();

  constructor(config: Config) {
    this.config = config;
  }
}
