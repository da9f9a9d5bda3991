// The settings that a person may change by a word while pgsoak runs. They go back to what the file says at the next
// reload or start. None of them makes older evidence worthless.

import type { Config, MirroringConfig } from "./config.ts";
import { GENERAL } from "./schema.ts";

type LiveSetting =
  | "mirror_exposure"
  | "mirror_queue"
  | "mirror_queue_bytes"
  | "mirror_connections"
  | "mirror_timeout_ms";

type Change = (config: Config, value: number) => Config;

const ofAllMirrorings =
  (key: "exposure" | "queueLength" | "connections" | "timeoutMs"): Change =>
  (config, value) => {
    const change: Partial<MirroringConfig> = { [key]: value };
    const mirroringDefaults = { ...config.general.mirroringDefaults, ...change };
    return {
      ...config,
      general: { ...config.general, mirroringDefaults },
      mirrorings: config.mirrorings.map((mirroring) => ({ ...mirroring, ...change })),
    };
  };

const CHANGES: Readonly<Record<LiveSetting, Change>> = {
  mirror_exposure: ofAllMirrorings("exposure"),
  mirror_queue: ofAllMirrorings("queueLength"),
  mirror_queue_bytes: (config, value) => ({ ...config, general: { ...config.general, mirrorQueueBytes: value } }),
  mirror_connections: ofAllMirrorings("connections"),
  mirror_timeout_ms: ofAllMirrorings("timeoutMs"),
};

export const LIVE_SETTINGS: readonly string[] = Object.keys(CHANGES);

const isLiveSetting = (name: string): name is LiveSetting => Object.hasOwn(CHANGES, name);

export type LiveChange =
  | { readonly type: "changed"; readonly config: Config }
  | { readonly type: "unknown" }
  /** `expected` completes the sentence "expected …". */
  | { readonly type: "invalid"; readonly expected: string };

/** The configuration with the setting changed, for every mirroring; `text` is the value as it would stand in the file. */
export function changeSetting(config: Config, name: string, text: string): LiveChange {
  if (!isLiveSetting(name)) return { type: "unknown" };
  const setting = GENERAL[name];
  const value = setting.schema.safeParse(setting.fromEnvironment(text));
  if (!value.success) return { type: "invalid", expected: setting.expected };
  return { type: "changed", config: CHANGES[name](config, value.data) };
}
