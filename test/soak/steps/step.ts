// A step of a session: one thing that programs do, over one or more requests. It leaves the session idle, may leave
// something behind in it (names, settings), and insists on the primary's answers.

import type { SoakSession } from "../soak-session.ts";

export interface Step {
  /** For choosing and for reports. */
  readonly name: string;
  /** How often it is taken, beside the others. */
  readonly weight: number;
  readonly run: (session: SoakSession) => Promise<void>;
}
