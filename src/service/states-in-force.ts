// What each mirroring is doing, as the log says it: for a recorder that has taken the place of one that died. What was said
// around the death may be lost, and a state that was not heard of would last in the log until the next change. The
// observation ledger takes no notice of a state that it knows.

import type { NewEvent, ObservationState } from "../events/event.ts";
import { MirrorHealth } from "../proxy/mirror/health.ts";
import type { ConfigInForce } from "./config-in-force.ts";

const CAUSE = "said again: the recorder was restarted";
/** No proxy thread: the main thread only looks. */
const NO_THREAD = -1;

export interface StatesInForce {
  readonly inForce: ConfigInForce;
  /** See MirrorHealth. */
  readonly health: SharedArrayBuffer;
  /** Names of mirrorings that can be reached, and yet something is wrong with them. */
  readonly degraded: ReadonlySet<string>;
  /** Wall clock, microseconds. */
  readonly at: number;
}

export function statesInForce({ inForce, health, degraded, at }: StatesInForce): NewEvent[] {
  return inForce.config.mirrorings.flatMap(({ name: mirroring }, index) => {
    const { down } = new MirrorHealth(health, index, NO_THREAD);
    const states: ObservationState[] = [inForce.paused.has(mirroring) ? "paused" : "resumed"];
    states.push(down ? "mirror_down" : "observing");
    // Behind "observing": by itself it would not end a mirror_down.
    if (!down && degraded.has(mirroring)) states.push("degraded");
    return states.map((state) => ({ kind: "observation_changed", at, mirroring, state, cause: CAUSE }) as const);
  });
}
