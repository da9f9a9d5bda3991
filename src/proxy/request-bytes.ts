// Hands the client's bytes to the requests that they belong to, chunk by chunk, without copying what is large. Frames of
// one request that stand together are cut out together; a frame that has not come whole is held until it has.
//
//   chunk  │ … assigned │ from …  target's … to │ not looked at yet │

import type { ByteBudget } from "./byte-budget.ts";
import type { Request } from "./request.ts";

const EMPTY = Buffer.alloc(0);

export class RequestBytes {
  readonly #budget: ByteBudget;
  readonly #kept: boolean;
  readonly #wanted: (request: Request) => boolean;
  #chunk: Buffer = EMPTY;
  #from = 0;
  #to = 0;
  #target: Request | null = null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #heldLost = false; // the budget had no room

  /** `kept`: whether anybody may ever want bytes of this session; `wanted`: whether those of a request are. */
  constructor(budget: ByteBudget, kept: boolean, wanted: (request: Request) => boolean) {
    this.#budget = budget;
    this.#kept = kept;
    this.#wanted = wanted;
  }

  begin(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#from = 0;
    this.#to = 0;
    this.#target = null;
  }

  /** The bytes up to `next` belong to `request`. */
  mark(request: Request, next: number): void {
    if (this.#target !== request) this.assign();
    this.#target = request;
    this.#to = next;
  }

  /** The bytes up to `next` belong to no request. */
  pass(next: number): void {
    this.assign();
    this.#letHeldGo();
    this.#from = next;
  }

  /** Gives what was marked to its request. */
  assign(): void {
    const target = this.#target;
    if (target === null || this.#to <= this.#from) return;
    const wanted = target.announced ? target.mirrors.length > 0 : this.#wanted(target);
    const held = this.#held;
    const lost = this.#heldLost;
    this.#letHeldGo();
    if (!wanted) {
      target.partial = true;
    } else if (lost || target.partial) {
      target.lose(this.#budget);
    } else {
      for (const chunk of held) target.append(chunk, this.#budget);
      target.append(cut(this.#chunk, this.#from, this.#to), this.#budget);
    }
    this.#from = this.#to;
    this.#target = null;
  }

  /** The chunk has been looked through. `goesOn`: behind its last frame stands the beginning of another. */
  end(goesOn: boolean): void {
    this.assign();
    if (goesOn && this.#from < this.#chunk.length) this.#hold(this.#chunk.subarray(this.#from));
    this.#chunk = EMPTY;
  }

  /** Nothing more will come. */
  close(): void {
    this.#letHeldGo();
  }

  #hold(bytes: Buffer): void {
    if (!this.#kept || this.#heldLost) return;
    if (this.#budget.take(bytes.length)) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
    } else {
      this.#letHeldGo();
      this.#heldLost = true;
    }
  }

  #letHeldGo(): void {
    this.#budget.give(this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    this.#heldLost = false;
  }
}

/** A part of a chunk that may be kept: a large part shares the chunk's memory, a small one must not pin it. */
function cut(chunk: Buffer, from: number, to: number): Buffer {
  const part = chunk.subarray(from, to);
  return part.length * 2 >= chunk.length ? part : Buffer.from(part);
}
