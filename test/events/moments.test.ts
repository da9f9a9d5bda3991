// The law of conservation for every window that is cut by time, whatever the threads, the drains and the clocks do.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { MirrorEvent } from "../../src/events/event.ts";
import { RECORD_SKIP } from "../../src/events/ring.ts";
import type { Producer } from "./producer.ts";
import { FLUSH_MS, openRecorder, type RecorderFixture } from "./recorder-fixture.ts";

const HOUR_US = 3_600_000_000;
const START_US = 1_700_000_000_000_000;

/** One machine with a wall clock of its own for each thread: they notice a step at different times. */
class Clocks {
  ms = 0;
  readonly offsets = [0, 0, 0, 0];

  wallOf(thread: number): number {
    return START_US + this.ms * 1000 + this.offsets[thread]!;
  }
}

const thread = fc.integer({ min: 1, max: 3 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("publish"),
      thread,
      begin: fc.nat(4),
      end: fc.nat(4),
      skip: fc.nat(2),
      ms: fc.nat(30),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("drain"), ms: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("clock"),
      of: fc.nat(3),
      us: fc.constantFrom(-HOUR_US, -90_000, 90_000, HOUR_US),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("note"), late: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("die"), thread }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("refuse") }) },
);

type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;

class Scene {
  readonly clocks = new Clocks();
  readonly fixture: RecorderFixture;
  readonly #producers: Producer[] = [];
  readonly #open: number[][] = [[], [], [], []];
  #successors = 0;

  constructor(fixture: RecorderFixture, clocks: Clocks) {
    this.fixture = fixture;
    this.clocks = clocks;
    for (const number of [1, 2, 3]) this.#producers[number] = fixture.attach(number);
  }

  take(one: ValueOf<typeof step>): void {
    const { clocks, fixture } = this;
    switch (one.type) {
      case "publish":
        this.#publish(one.thread, one.begin, one.end, one.skip, one.ms);
        return;
      case "drain":
        clocks.ms += one.ms;
        fixture.recorder.drain();
        return;
      case "clock":
        clocks.offsets[one.of]! += one.us;
        return;
      case "note":
        fixture.recorder.append({
          kind: "marked",
          at: clocks.wallOf(0) - one.late * 1000,
          text: "note",
          who: "a test",
        });
        return;
      case "die":
        // Its requests are closed by the recorder, so the successor begins with none and with numbers of its own.
        this.#open[one.thread] = [];
        this.#producers[one.thread] = fixture.attach(one.thread, undefined, ++this.#successors * 100_000);
        return;
      case "refuse":
        fixture.log.db.exec("create trigger refuse before insert on event begin select raise(abort, 'no'); end");
        fixture.recorder.drain();
        fixture.log.db.exec("drop trigger refuse");
        return;
    }
  }

  #publish(number: number, begin: number, end: number, skip: number, ms: number): void {
    const producer = this.#producers[number]!;
    const open = this.#open[number]!;
    for (let i = 0; i < begin; i++) open.push(producer.queue(this.clocks.wallOf(number))!);
    this.clocks.ms += ms / 10;
    for (let i = 0; i < end && open.length > 0; i++) producer.mirror(open.shift()!, this.clocks.wallOf(number));
    this.clocks.ms += ms / 10;
    const at = this.clocks.wallOf(number);
    producer.skip(skip);
    producer.publish(at);
  }
}

interface Sums {
  seen: number;
  skipped: number;
  selected: number;
  outcomes: number;
  unrecorded: number;
}

/** Everything up to each point in time at which the log can be cut, for one lane. */
function sumsByTime(events: readonly MirrorEvent[]): Sums[] {
  const sums: Sums = { seen: 0, skipped: 0, selected: 0, outcomes: 0, unrecorded: 0 };
  const cuts: Sums[] = [{ ...sums }];
  events.forEach((event, index) => {
    if (event.kind === "tallied") sums.seen += event.seen;
    else if (event.kind === "skipped") sums.skipped += event.count;
    else if (event.kind === "queued") sums.selected++;
    else if (event.kind === "mirrored" || event.kind === "dropped") sums.outcomes++;
    else if (event.kind === "unrecorded") sums.unrecorded += event.requests ?? 0;
    if (events[index + 1]?.at !== event.at) cuts.push({ ...sums });
  });
  return cuts;
}

test("time never decreases, and the books of every window that is cut by time balance: steps of clocks, deaths, refusals", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clocks = new Clocks();
      using fixture = await openRecorder({ clock: { nowMs: () => clocks.ms, wallUs: () => clocks.wallOf(0) } });
      const scene = new Scene(fixture, clocks);
      for (const one of steps) scene.take(one);
      fixture.drainAll();
      const events = fixture.events();
      const inOrder = events.every((event, index) => index === 0 || event.at >= events[index - 1]!.at);
      expect(inOrder).toBe(true);
      // In flight at a cut is what a count of its own finds open: requests that were queued and did not end before it.
      // Cuts whose first equation holds balance in every difference of two, which is every window.
      for (const { seen, skipped, selected, outcomes, unrecorded } of sumsByTime(events)) {
        expect(seen).toBe(skipped + selected + unrecorded);
        expect(outcomes).toBeLessThanOrEqual(selected);
      }
      expect(new Set(events.flatMap((event) => (event.kind === "queued" ? event.request : []))).size).toBe(
        events.filter(({ kind }) => kind === "queued").length,
      );
    }),
    { numRuns: 80 },
  );
});

test("a clock that is set back by an hour does not stop the time of the log, and costs nothing", async () => {
  const clocks = new Clocks();
  using fixture = await openRecorder({ clock: { nowMs: () => clocks.ms, wallUs: () => clocks.wallOf(0) } });
  const producer = fixture.attach(1);
  for (let i = 0; i < 100; i++) {
    // The recorder notices the step some drains later than the thread.
    if (i === 50) clocks.offsets[1]! -= HOUR_US;
    if (i === 55) clocks.offsets[0]! -= HOUR_US;
    clocks.ms += 100;
    producer.mirror(producer.queue(clocks.wallOf(1))!, clocks.wallOf(1));
    producer.publish(clocks.wallOf(1));
    fixture.recorder.drain();
  }
  const events = fixture.events();
  expect(events).toHaveLength(300);
  const late = events.map(({ at }, index) => START_US + (Math.floor(index / 3) + 1) * 100_000 - at);
  expect(Math.max(...late)).toBeLessThanOrEqual(500_000);
  expect(Math.min(...late)).toBe(0);
});

test("a gap that the main thread has seen lies where the log is, also after its clock was set back", async () => {
  const clocks = new Clocks();
  using fixture = await openRecorder({ clock: { nowMs: () => clocks.ms, wallUs: () => clocks.wallOf(0) } });
  clocks.ms = 60_000;
  fixture.recorder.append({ kind: "marked", at: clocks.wallOf(0), text: "before", who: "a test" });
  clocks.offsets[0]! -= HOUR_US;
  clocks.ms += 10_000;
  const to = clocks.wallOf(0);
  const span = { lane: null, from: to - 5_000_000, to, requests: null, cause: "unwatched" } as const;
  fixture.recorder.append({ kind: "unrecorded", at: to, ...span });
  fixture.recorder.drain();
  const now = START_US + 70_000_000;
  expect(fixture.events()).toMatchObject([
    { kind: "marked", at: now - 10_000_000 },
    { kind: "unrecorded", at: now, from: now - 5_000_000, to: now },
  ]);
});

test("what a drain finds is dated by moments of at most the flush time, a long publication by itself", async () => {
  using fixture = await openRecorder();
  const [one, two] = [fixture.attach(1), fixture.attach(2)];
  const publish = (producer: Producer, from: number, to: number): void => {
    producer.queue(from);
    producer.publish(to);
  };
  for (const ms of [0, 20, 40, 60, 80, 100]) publish(ms % 40 === 0 ? one : two, ms * 1000, ms * 1000 + 5000);
  publish(one, 200_000, 500_000);
  publish(two, 490_000, 495_000);
  fixture.recorder.drain();
  const times = fixture.events().flatMap(({ kind, at }) => (kind === "tallied" ? at / 1000 : []));
  expect(times).toEqual([45, 105, 495, 500]);
  expect(FLUSH_MS).toBe(50);
});

test("tallies alone are moments too, as far apart as they were published", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  for (const ms of [10, 20, 300, 310]) {
    producer.ring.writeLedger(RECORD_SKIP, ms * 1000, 1, 1, 0);
    producer.ring.publish();
  }
  fixture.recorder.drain();
  expect(fixture.events()).toMatchObject([
    { at: 20_000, count: 2 },
    { at: 310_000, count: 2 },
  ]);
});

test("outcomes that nothing was selected beside are dated by themselves", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  const requests = [1, 2, 3].map(() => producer.queue(0)!);
  producer.publish(0);
  fixture.recorder.drain();
  requests.forEach((request, index) => {
    producer.mirror(request, 100_000 * (index + 1));
    producer.ring.publish();
  });
  fixture.recorder.drain();
  expect(fixture.events(4).map(({ at }) => at)).toEqual([100_000, 200_000, 300_000]);
});
