// The mirrors as they are at this moment: state, queue, connections, and how fast requests come.

import type { StatusAnswer } from "./answers.ts";
import { element, find } from "./element.ts";
import { bytes, compact, grouped, words } from "./format.ts";

type Mirror = StatusAnswer["mirrorings"][number];

const STATE_WORDS: Readonly<Record<string, string>> = {
  observing: "Observing",
  degraded: "Degraded",
  paused: "Paused",
  mirror_down: "Mirror down",
};

/** The last two counts and when they came, for the rate. */
let before: { readonly seen: number; readonly atMs: number } | null = null;
let perSecond: number | null = null;

function updateRate({ requests }: StatusAnswer): void {
  if (requests === null) return;
  const atMs = performance.now();
  if (before !== null && atMs - before.atMs < 900) return;
  if (before !== null && requests.seen >= before.seen) {
    perSecond = ((requests.seen - before.seen) * 1000) / (atMs - before.atMs);
  }
  before = { seen: requests.seen, atMs };
}

function mirrorItem(mirror: Mirror): HTMLElement {
  const { mirroring, state, queue_depth: depth, queue_slots: slots, queue_bytes: size, connections } = mirror;
  const queue = `${grouped(depth)} of ${grouped(slots)} queued${depth === 0 ? "" : ` (${bytes(size)})`}`;
  const links = `${grouped(connections)} ${connections === 1 ? "connection" : "connections"}`;
  return element(
    "li",
    { "data-mirroring": mirroring },
    element(
      "div",
      { class: "head" },
      element("strong", {}, mirroring),
      element("span", { class: "state", "data-state": state }, STATE_WORDS[state] ?? words(state)),
    ),
    element("p", { class: "meta" }, `${queue} · ${links}`),
  );
}

export function showMirrors(status: StatusAnswer): void {
  updateRate(status);
  const { mirrorings, clients } = status;
  const place = find("#mirrorings");
  if (mirrorings.length === 0) {
    place.replaceChildren(element("p", { class: "empty" }, "No mirroring is configured: pgsoak is a plain relay."));
    return;
  }
  const rate = perSecond === null ? "" : `, ${compact(perSecond)} requests/s`;
  const traffic = `${grouped(clients)} client ${clients === 1 ? "connection" : "connections"}${rate}`;
  place.replaceChildren(
    element("ul", { class: "mirrors" }, ...mirrorings.map(mirrorItem)),
    element("p", { class: "note" }, traffic),
  );
}
