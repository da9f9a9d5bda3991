// Event sequences as a service can write them: batches that balance, with outcomes in any later batch, resets, losses
// and notes between them. Lane ids are 1 to LANES.

import * as fc from "fast-check";
import {
  ATTRIBUTIONS,
  DROP_REASONS,
  ERROR_CATEGORIES,
  PARITIES,
  SKIP_REASONS,
  type NewEvent,
} from "../../src/events/event.ts";

export const LANES = 3;

/** Events without their moment and position. */
type Draft = NewEvent extends infer E ? (E extends NewEvent ? Omit<E, "at"> : never) : never;

const lane = fc.integer({ min: 1, max: LANES });
const us = fc.integer({ min: 0, max: 5_000_000 });
const root = fc.option(fc.nat(100), { freq: 5 });

const outcome = fc.oneof(
  fc.record({ kind: fc.constant("mirrored"), rows: fc.nat(50), parity: fc.constantFrom(...PARITIES) }),
  fc.record({
    kind: fc.constant("errored"),
    category: fc.constantFrom(...ERROR_CATEGORIES),
    attribution: fc.constantFrom(...ATTRIBUTIONS),
  }),
  fc.record({ kind: fc.constant("dropped"), reason: fc.constantFrom(...DROP_REASONS) }),
);
const times = fc.record({ mirrorUs: us, primaryUs: us, waitUs: us });

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("queue"), lane, bytes: fc.nat(9000) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("finish"), pick: fc.nat(), times, outcome, root }) },
  fc.record({ type: fc.constant("overflow"), lane }),
  fc.record({
    type: fc.constant("skip"),
    lane,
    reason: fc.constantFrom(...SKIP_REASONS),
    count: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ type: fc.constant("lose"), lane: fc.option(lane), requests: fc.option(fc.nat(9)) }),
);
const between = fc.constantFrom("nothing", "reset", "note", "restart");
const batch = fc.record({ steps: fc.array(step, { maxLength: 30 }), between });

type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;
type Step = ValueOf<typeof step>;

/** A service that takes steps: it numbers requests, remembers the open ones and counts what it saw in each batch. */
class Model {
  readonly batches: Draft[][] = [];
  readonly #open: { request: number; lane: number; statement: 0 }[] = [];
  readonly #seen = new Map<number, number>();
  #requests = 0;

  run({ steps, between: then }: ValueOf<typeof batch>): void {
    const drafts: Draft[] = [];
    for (const one of steps) this.#take(one, drafts);
    for (const [where, seen] of this.#seen) drafts.push({ kind: "tallied", lane: where, seen });
    this.#seen.clear();
    if (then === "reset") drafts.push({ kind: "counters_reset", who: "a test" });
    if (then === "note") drafts.push({ kind: "marked", text: "a note", who: "a test" });
    if (then === "restart") drafts.push({ kind: "run_stopped", run: 1 });
    this.batches.push(drafts);
  }

  #see(where: number, count: number): void {
    this.#seen.set(where, (this.#seen.get(where) ?? 0) + count);
  }

  #request(where: number): { request: number; lane: number; statement: 0 } {
    this.#see(where, 1);
    return { request: ++this.#requests, lane: where, statement: 0 };
  }

  #take(one: Step, drafts: Draft[]): void {
    switch (one.type) {
      case "queue": {
        const about = this.#request(one.lane);
        this.#open.push(about);
        drafts.push({ kind: "queued", run: 1, session: 1, ...about, bytes: one.bytes });
        return;
      }
      case "finish":
        this.#finish(one, drafts);
        return;
      case "overflow":
        drafts.push({ kind: "dropped", ...this.#request(one.lane), reason: "buffer_full", wasQueued: false });
        return;
      case "skip":
        this.#see(one.lane, one.count);
        drafts.push({ kind: "skipped", lane: one.lane, reason: one.reason, count: one.count });
        return;
      case "lose": {
        const { lane: where, requests } = one;
        if (where !== null) this.#see(where, requests ?? 0);
        const cause = requests === null ? "crash" : "ring_full";
        drafts.push({ kind: "unrecorded", lane: where, from: 0, to: 1, requests, cause });
        return;
      }
    }
  }

  #finish(one: Extract<Step, { type: "finish" }>, drafts: Draft[]): void {
    const [about] = this.#open.length === 0 ? [] : this.#open.splice(one.pick % this.#open.length, 1);
    if (about === undefined) return;
    const { times: spent, outcome: result, root: cause } = one;
    switch (result.kind) {
      case "mirrored":
        drafts.push({ ...about, ...spent, ...result, root: cause });
        return;
      case "errored":
        drafts.push({ ...about, ...spent, ...result, sqlstate: "", message: "", root: cause });
        return;
      case "dropped":
        drafts.push({ ...about, ...result, wasQueued: true });
        return;
    }
  }
}

const run = { run: 1, version: "0", host: "h", configHash: "c", mirrorings: [], metricsEnabled: true };
const started: Draft = { kind: "run_started", ...run };
const START_US = 1_700_000_000_000_000;

function drafted(plan: readonly ValueOf<typeof batch>[]): Draft[][] {
  const model = new Model();
  for (const one of plan) model.run(one);
  return [[started], ...model.batches];
}

/** Batches of a log that begins with run_started; moments are one millisecond apart. */
export const eventBatches: fc.Arbitrary<NewEvent[][]> = fc.array(batch, { maxLength: 12 }).map((plan) => {
  let at = START_US;
  return drafted(plan).map((drafts) => drafts.map((draft) => ({ ...draft, at: (at += 1000) })));
});

/** The same, each batch a moment of its own, `gapUs` behind the one before. */
export function eventMoments(gapUs: fc.Arbitrary<number>, maxLength = 30): fc.Arbitrary<NewEvent[][]> {
  return fc.array(fc.tuple(batch, gapUs), { maxLength }).map((plan) => {
    let at = START_US;
    return drafted(plan.map(([one]) => one)).map((drafts, index) => {
      at += index === 0 ? 0 : plan[index - 1]![1];
      return drafts.map((draft) => ({ ...draft, at }));
    });
  });
}
