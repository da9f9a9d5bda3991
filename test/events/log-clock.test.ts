import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LogClock } from "../../src/events/log-clock.ts";

const HOUR_US = 3_600_000_000;

/** A machine whose wall clock can be set. */
class Machine {
  ms = 0;
  wall = 1_700_000_000_000_000;

  nowMs(): number {
    return this.ms;
  }
  wallUs(): number {
    return this.wall;
  }
  pass(ms: number): void {
    this.ms += ms;
    this.wall += ms * 1000;
  }
}

test("log time is the wall clock's, forward jumps too", () => {
  const machine = new Machine();
  const clock = new LogClock(machine, 0);
  expect(clock.wallUs()).toBe(machine.wall);
  machine.pass(20);
  expect(clock.wallUs()).toBe(machine.wall);
  machine.wall += HOUR_US;
  expect(clock.wallUs()).toBe(machine.wall);
});

test("a wall clock that is set back by an hour neither stops log time nor turns it back, and is followed when it is ahead again", () => {
  const machine = new Machine();
  const clock = new LogClock(machine, 0);
  const before = clock.wallUs();
  machine.wall -= HOUR_US;
  machine.pass(500);
  expect(clock.wallUs()).toBe(before + 500_000);
  machine.pass(60_000);
  expect(clock.wallUs()).toBe(before + 60_500_000);
  machine.wall += 2 * HOUR_US;
  expect(clock.wallUs()).toBe(machine.wall);
});

test("a log whose last event lies in the future goes on from there at normal speed", () => {
  const machine = new Machine();
  const last = machine.wall + HOUR_US;
  const clock = new LogClock(machine, last);
  expect(clock.wallUs()).toBe(last);
  machine.pass(10);
  expect(clock.wallUs()).toBe(last + 10_000);
});

test("small corrections of the wall clock are waited for, so that they don't add up", () => {
  const machine = new Machine();
  const clock = new LogClock(machine, 0);
  const start = clock.wallUs();
  machine.wall -= 300_000;
  expect(clock.wallUs()).toBe(start);
  machine.pass(400);
  expect(clock.wallUs()).toBe(machine.wall);
});

test("what other threads stamped is placed in log time, never in its future, whichever of them knows of a step", () => {
  const machine = new Machine();
  const clock = new LogClock(machine, 0);
  clock.wallUs();
  machine.pass(100);
  const stepped = machine.wall;
  machine.wall -= HOUR_US;
  const now = clock.wallUs();
  expect(now).toBe(stepped);
  expect(clock.placeUs(machine.wall - 40_000)).toBe(now - 40_000);
  expect(clock.placeUs(stepped - 40_000)).toBe(now);
});

test("through any steps log time never goes back, is never frozen for more than a second, and is never behind the wall clock", () => {
  const move = fc.record({ ms: fc.integer({ min: 1, max: 5000 }), step: fc.integer({ min: -HOUR_US, max: HOUR_US }) });
  fc.assert(
    fc.property(fc.array(fc.record({ move, isStep: fc.boolean() })), (moves) => {
      const machine = new Machine();
      const clock = new LogClock(machine, 0);
      let last = clock.wallUs();
      for (const { move: one, isStep } of moves) {
        machine.pass(one.ms);
        if (isStep) machine.wall += one.step;
        const now = clock.wallUs();
        expect(now).toBeGreaterThanOrEqual(last + Math.max(0, one.ms * 1000 - 1_000_000));
        expect(now).toBeGreaterThanOrEqual(machine.wall);
        last = now;
      }
    }),
  );
});
