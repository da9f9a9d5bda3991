// How many session-level advisory locks one side of a session holds. Each lock is let go by one unlock of its own, so at
// nought none is left, whichever they were: only what the server says of each call counts.

import type { LockCall } from "../lock-call.ts";
import type { Result } from "./result.ts";

/** The first byte of a boolean that is true, as text and in binary. */
const TRUE_TEXT = 0x74;
const TRUE_BINARY = 1;
/** The same of false. */
const FALSE_TEXT = 0x66;
const FALSE_BINARY = 0;

export class AdvisoryLocks {
  #held = 0;
  #isUnclear = false;

  /** None, for all that is known. */
  get isFree(): boolean {
    return this.#held === 0 && !this.#isUnclear;
  }

  /** The server has answered a request in which nothing but this call gives rows; `unclear`: or more than that. */
  follow(call: LockCall, result: Result): void {
    if (call === "unclear") this.#isUnclear ||= result.commands > 0 || !isNever(result);
    else if (!isOnce(result)) this.#isUnclear ||= !isNever(result);
    else if (call === "unlock_all") this.clear();
    else if (call === "lock") this.#held++;
    else this.#answered(call, result.firstByte);
  }

  /** What it holds can't be followed any more. */
  lose(): void {
    this.#isUnclear = true;
  }

  clear(): void {
    this.#held = 0;
    this.#isUnclear = false;
  }

  #answered(call: LockCall, answer: number): void {
    if (answer === TRUE_TEXT || answer === TRUE_BINARY) this.#held += call === "try" ? 1 : -1;
    else if (answer !== FALSE_TEXT && answer !== FALSE_BINARY) this.#isUnclear = true;
  }
}

/** Nothing but the call gives rows. One without a command tag behind it may have been undone, and may not. */
const isOnce = ({ rows, rowFrames }: Result): boolean => rows === 1 && rowFrames === 1;
const isNever = ({ rowFrames }: Result): boolean => rowFrames === 0;
