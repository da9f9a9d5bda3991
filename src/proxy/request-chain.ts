// The requests that the primary has not answered, in the order in which it will, and how far the mirrors have been told
// of them. Most are told as soon as the client has sent them; one that is in doubt holds up those behind it until the
// primary's answer shows what the server took it for.
//
//   head ─▶ … ─▶ untold ─▶ … ─▶ last
//   ╰─ announced ─╯

import type { Request } from "./request.ts";

export class RequestChain {
  readonly #announce: (request: Request) => void;
  #head: Request | null = null;
  #last: Request | null = null;
  #untold: Request | null = null;
  #copier: Request | null = null;
  #depth = 0;

  constructor(announce: (request: Request) => void) {
    this.#announce = announce;
  }

  /** The one that the primary answers next. */
  get head(): Request | null {
    return this.#head;
  }

  get last(): Request | null {
    return this.#last;
  }

  get depth(): number {
    return this.#depth;
  }

  /** The one that CopyData would belong to: the latest that is more than a Sync in doubt. */
  get copier(): Request | null {
    return this.#copier;
  }

  add(request: Request): void {
    if (this.#last === null) this.#head = request;
    else this.#last.next = request;
    this.#last = request;
    this.#untold ??= request;
    if (!request.doubt) this.#copier = request;
    this.#depth++;
  }

  /** Takes the head out: the primary has answered it. */
  shift(): void {
    const head = this.#head;
    if (head === null) return;
    this.#head = head.next;
    this.#left(head, null);
  }

  /** Takes out the one behind `request`: it was none of its own. */
  removeBehind(request: Request): void {
    const { next } = request;
    if (next === null) return;
    request.next = next.next;
    this.#left(next, request);
  }

  /** Announces what can be, up to the first that the client has not sent or that is in doubt. */
  tell(): void {
    while (this.#untold?.ready && !this.#untold.doubt) {
      const request = this.#untold;
      this.#untold = request.next;
      this.#announce(request);
    }
  }

  clear(): void {
    this.#head = null;
    this.#last = null;
    this.#untold = null;
    this.#copier = null;
    this.#depth = 0;
  }

  #left(request: Request, before: Request | null): void {
    if (this.#last === request) this.#last = before;
    if (this.#untold === request) this.#untold = request.next;
    if (this.#copier === request) this.#copier = before;
    this.#depth--;
  }
}
