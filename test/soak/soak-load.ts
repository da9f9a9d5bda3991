// The clients of the soak: sessions that come, take some steps and leave, each with rows of its own.

import { waitFor } from "../helpers/wait-for.ts";
import { Random } from "./random.ts";
import { SoakSession } from "./soak-session.ts";
import { pickStep } from "./steps/all-steps.ts";
import type { Step } from "./steps/step.ts";

/** A session leaves after about this many steps. */
const STEPS_OF_SESSION = 25;
/** As many answers of the primary that no step wanted end the soak. */
const COMPLAINTS_MAX = 5;

export interface LoadOptions {
  readonly target: { readonly host: string; readonly port: number };
  readonly steps: readonly Step[];
  readonly seed: number;
  /** Requests in all, at least. */
  readonly requests: number;
  /** Sessions at any time. */
  readonly sessions: number;
}

/** The steps of a session, with the number of requests before each, for looking at what went wrong. */
export type Diary = readonly { readonly step: string; readonly requests: number }[];

export class SoakLoad {
  /** Requests that were answered. */
  requests = 0;
  /** Requests whose answers nobody waited for: the log may have seen them or not. */
  unanswered = 0;
  /** Answers of the primary that were not as they must be. */
  readonly complaints: string[] = [];
  readonly diaries = new Map<number, Diary>();
  /** Something still needs its traffic. */
  goesOn = false;
  readonly #options: LoadOptions;
  #owners = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Owners that `requests` requests can need. */
  static ownersOf(requests: number): number {
    return Math.ceil(requests / STEPS_OF_SESSION) + 2000;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.sessions }, () => this.#client()));
  }

  /** Waits until so many requests were answered, or the load is at its end. */
  async reaches(requests: number): Promise<void> {
    const isThere = (): boolean => this.requests >= requests || this.#isOver;
    await waitFor(isThere, { timeoutMs: 600_000, message: `${requests} requests` });
  }

  get #isOver(): boolean {
    return (this.requests >= this.#options.requests && !this.goesOn) || this.complaints.length >= COMPLAINTS_MAX;
  }

  async #client(): Promise<void> {
    while (!this.#isOver) await this.#session(++this.#owners);
  }

  async #session(owner: number): Promise<void> {
    const { target, steps, seed } = this.#options;
    const random = new Random(seed * 1_000_003 + owner);
    const session = await SoakSession.open(target, owner, random, {
      options: "-c soak.started=yes",
      application_name: `soak ${owner % 7}`,
    });
    const diary: { step: string; requests: number }[] = [];
    this.diaries.set(owner, diary);
    let counted = 0;
    let name = "begin";
    try {
      // Session-level, so that it is mirrored always: its text says whose session this is.
      await session.sql(`SET soak.owner_${owner} = 'here'`);
      for (let left = 1 + random.int(2 * STEPS_OF_SESSION); left > 0 && !this.#isOver; left--) {
        ({ name } = pickStep(steps, random));
        diary.push({ step: name, requests: session.requests });
        await steps.find((step) => step.name === name)!.run(session);
        this.requests += session.requests - counted;
        counted = session.requests;
      }
    } catch (error) {
      this.complaints.push(`session ${owner}, step ${name}: ${String(error)}`);
    }
    await session.leave();
    this.requests += session.requests - counted;
    this.unanswered += session.unanswered;
  }
}
