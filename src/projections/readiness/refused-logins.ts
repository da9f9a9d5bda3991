// The sentence that says why a mirror was given nothing to do although it runs: it doesn't let pgsoak in. Told from the
// outcomes alone, so that it is the same whenever the window is asked about.

import type { ReadinessFacts } from "./facts.ts";
import { grouped } from "./wording.ts";

/** invalid_authorization_specification and its kind, and a database that isn't there: what a login fails with. */
const LOGIN_STATES = /^(?:28[0-9A-Z]{3}|3D000)$/;

interface Refusal {
  readonly sqlstate: string;
  readonly message: string;
  readonly requests: number;
}

/** Of one mirroring, the state that cost the most requests; null when none was lost so. */
export function refusalOf({ statements }: ReadinessFacts, mirroring: string): Refusal | null {
  const refusals = new Map<string, Refusal>();
  for (const { mirroring: own, errors, messages } of statements) {
    if (own !== mirroring) continue;
    for (const [sqlstate, count] of Object.entries(errors)) {
      if (!LOGIN_STATES.test(sqlstate)) continue;
      const before = refusals.get(sqlstate);
      const message = before?.message || (messages[sqlstate] ?? "");
      refusals.set(sqlstate, { sqlstate, message, requests: (before?.requests ?? 0) + count });
    }
  }
  return [...refusals.values()].reduce<Refusal | null>(
    (worst, each) => (worst === null || each.requests > worst.requests ? each : worst),
    null,
  );
}

export function refusalSentence({ sqlstate, message, requests }: Refusal): string {
  const why = message === "" ? "" : `: ${message}`;
  return `The mirror refuses the login (${sqlstate})${why} (${grouped(requests)} requests)`;
}
