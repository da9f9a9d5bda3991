// A defect on demand: while it is armed, the next call of one of our methods throws as a defect of ours would.

type Method = (...args: never[]) => unknown;

export class WeakSpot {
  /** What the error says, as if a client's value had got into it. */
  static readonly SECRET = "4711-of-a-client";
  #armed = false;
  readonly #restore: (() => void)[] = [];

  get isArmed(): boolean {
    return this.#armed;
  }

  arm(): void {
    this.#armed = true;
  }

  in<Name extends string>(prototype: { [name in Name]: Method }, name: Name): void {
    const sound = prototype[name];
    const strike = (): void => {
      if (!this.#armed) return;
      this.#armed = false;
      throw new RangeError(`can't cope with ${WeakSpot.SECRET}`);
    };
    prototype[name] = function (this: unknown, ...args: never[]) {
      strike();
      return sound.apply(this, args);
    };
    this.#restore.push(() => (prototype[name] = sound));
  }

  /** Everything is as sound as it was. */
  heal(): void {
    this.#armed = false;
    for (const restore of this.#restore.splice(0)) restore();
  }
}
