// The verdict in sentences: each criterion that is not met, then what limits the evidence.

import { formatMoment } from "../rfc3339.ts";
import { printable } from "../printable.ts";
import type { MirroringFacts, ReadinessFacts } from "./facts.ts";
import type { Judged } from "./judge.ts";
import { refusalOf, refusalSentence } from "./refused-logins.ts";
import { STATUSES } from "./status.ts";
import { isMet } from "./score.ts";
import { grouped } from "./wording.ts";

const ALL_MET = "All migration criteria met";

/** Where the criterion was found so, when there is more than one place; "" otherwise. */
function where({ worst, others }: Judged, { mirrorings, lanes }: ReadinessFacts): string {
  const { mirroring, database } = worst;
  if (mirroring === null) return "";
  const isAlone = mirrorings.length <= 1 && (database === null || lanes.length <= 1);
  if (isAlone) return "";
  const place = printable(database === null ? mirroring : `${mirroring}/${database}`);
  return others.length === 0 ? ` (${place})` : ` (${place} and ${others.length} more)`;
}

function epochSentence({ mirroring, epoch }: MirroringFacts, isAlone: boolean): string[] {
  if (epoch === null) return [];
  const { at, what, before, after, who } = epoch;
  const change = before === "" && after === "" ? `${what}, says ${who}` : `${what} changed from ${before} to ${after}`;
  const place = isAlone ? "" : ` (${printable(mirroring)})`;
  return [`Evidence before ${formatMoment(at)} does not count: ${printable(change)}${place}`];
}

/** Why a mirror got nothing to do: otherwise its errors would have to be looked up. */
function refusals(facts: ReadinessFacts): string[] {
  return facts.mirrorings.flatMap(({ mirroring }) => {
    const refusal = refusalOf(facts, mirroring);
    if (refusal === null) return [];
    const place = facts.mirrorings.length === 1 ? "" : ` (${mirroring})`;
    return [printable(`${refusalSentence(refusal)}${place}`)];
  });
}

/** What people must know about the evidence, whatever the verdict. */
function limits({ window, covered, resolution, unrecorded, mirrorings }: ReadinessFacts): string[] {
  const sentences = mirrorings.flatMap((each) => epochSentence(each, mirrorings.length === 1));
  if (covered !== null && resolution !== "exact") {
    const span = `${formatMoment(Math.max(covered.from, window.from))} to ${formatMoment(covered.to)}`;
    sentences.push(`Raw events were removed: the numbers cover ${span} at a resolution of ${resolution}`);
  }
  if (unrecorded > 0) sentences.push(`${grouped(unrecorded)} requests were seen but lost to the log`);
  return sentences;
}

/** Never empty: without a criterion that is not met, all are. */
export function reasonsOf(judged: readonly Judged[], facts: ReadinessFacts): string[] {
  const bad = judged
    .filter(({ worst }) => worst.status !== "pass" && worst.status !== "off")
    .sort((a, b) => STATUSES.indexOf(b.worst.status) - STATUSES.indexOf(a.worst.status))
    .map((each) => `${each.worst.detail}${where(each, facts)}`);
  const areMet = judged.every(({ worst, criterion }) => isMet(worst.status, criterion.group));
  return [...(areMet ? [ALL_MET] : []), ...bad, ...refusals(facts), ...limits(facts)];
}
