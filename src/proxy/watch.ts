// A tap that may fail without harm to its client: whatever is thrown in it, or by the mirrors that it tells, is a defect of
// ours. From then on the session is relayed unseen. Nothing is known of it any more, so the answers here are those that do
// nothing: it is never idle, and no word of ours is put between its bytes.

import type { BadFrame } from "./protocol/frame-scanner.ts";
import type { Request } from "./request.ts";
import { Tap, type TapOptions } from "./tap.ts";

export class Watch {
  #tap: Tap | null;
  readonly #onLost: (error: unknown, tap: Tap) => void;

  /** `onLost` is called once, behind the failure; the tap may not be used behind it. */
  constructor(options: TapOptions, onLost: (error: unknown, tap: Tap) => void) {
    this.#tap = new Tap(options);
    this.#onLost = onLost;
  }

  get isLost(): boolean {
    return this.#tap === null;
  }

  get depth(): number {
    return this.#tap?.depth ?? 0;
  }

  get current(): Request | null {
    return this.#tap?.current ?? null;
  }

  get idle(): boolean {
    return this.#tap?.idle ?? false;
  }

  get answerIsComing(): boolean {
    return this.#tap?.answerIsComing ?? false;
  }

  get primaryAtBoundary(): boolean {
    return this.#tap?.primaryAtBoundary ?? false;
  }

  get clientAtBoundary(): boolean {
    return this.#tap?.clientAtBoundary ?? false;
  }

  get badFromClient(): BadFrame | null {
    return this.#tap?.badFromClient ?? null;
  }

  get badFromPrimary(): BadFrame | null {
    return this.#tap?.badFromPrimary ?? null;
  }

  get passed(): number {
    return this.#tap?.passed ?? 0;
  }

  loggedIn(): void {
    this.#tap?.loggedIn();
  }

  /** See Tap; true when nobody looks any more. */
  client(chunk: Buffer): boolean {
    try {
      return this.#tap?.client(chunk) ?? true;
    } catch (error) {
      this.#lose(error);
      return true;
    }
  }

  primary(chunk: Buffer): boolean {
    try {
      return this.#tap?.primary(chunk) ?? true;
    } catch (error) {
      this.#lose(error);
      return true;
    }
  }

  end(): Request | null {
    try {
      return this.#tap?.end() ?? null;
    } catch (error) {
      this.#lose(error);
      return null;
    }
  }

  #lose(error: unknown): void {
    const tap = this.#tap;
    this.#tap = null;
    if (tap !== null) this.#onLost(error, tap);
  }
}
