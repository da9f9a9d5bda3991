// What must be known before any number is believed: recording broken, the log damaged or rebuilt, nothing to see yet and what
// to do about it.

import type { StatusAnswer } from "./answers.ts";
import { element, find } from "./element.ts";
import { grouped } from "./format.ts";

interface Notice {
  readonly kind: "bad" | "warn" | "info";
  readonly title: string;
  readonly text: readonly (string | Node)[];
}

const code = (text: string): HTMLElement => element("code", {}, text);

const down = ({ mirrorings }: StatusAnswer): string =>
  mirrorings.flatMap(({ mirroring, state }) => (state === "mirror_down" ? [mirroring] : [])).join(", ");

function statusNotices(status: StatusAnswer): Notice[] {
  const notices: Notice[] = [];
  if (status.recording === "broken") {
    const text = [
      status.recording_cause,
      ". Clients are served; what happens meanwhile is a gap of the evidence. Free disk space, or restore access to the log: recording goes on by itself.",
    ];
    notices.push({ kind: "bad", title: "Nothing is recorded", text });
  }
  if (status.log === "damaged") notices.push({ kind: "bad", title: "The log is damaged", text: [status.log_damage] });
  const { rebuilding } = status;
  if (rebuilding !== null) {
    const share = rebuilding.of === 0 ? 0 : Math.floor((100 * rebuilding.done) / rebuilding.of);
    const text = `${share}%, ${grouped(rebuilding.done)} of ${grouped(rebuilding.of)} events (${rebuilding.projection}). What needs them is shown when they are whole.`;
    notices.push({ kind: "info", title: "Counters are being rebuilt from the log", text: [text] });
  }
  const names = down(status);
  if (names !== "") {
    const text = [
      "Clients notice nothing; requests end as connection errors, and the time doesn’t count as observed. Check the server, its ",
      code("[[databases]]"),
      " entry and pgsoak’s log.",
    ];
    notices.push({ kind: "warn", title: `Mirror down: ${names}`, text });
  }
  return notices;
}

/** What to do next where there is nothing yet. */
function emptyNotice(hasTraffic: boolean | null): Notice[] {
  const { proxy = "", mirroring } = document.body.dataset;
  if (mirroring === "none") {
    const text = [
      "Add the candidate server as ",
      code("[[databases]]"),
      " and a ",
      code("[[mirroring]]"),
      " with ",
      code('source_db = "*"'),
      " and ",
      code('destination_db = "candidate"'),
      " to pgsoak’s configuration, then restart it.",
    ];
    return [{ kind: "info", title: "No mirroring is configured", text }];
  }
  if (hasTraffic !== false) return [];
  const [host, port] = [proxy.replace(/:\d+$/, ""), proxy.replace(/^.*:/, "")];
  const text = [
    "Point an application at ",
    code(proxy),
    ", with the login that it has at the primary. To try it: ",
    code(`psql -h ${host} -p ${port}`),
  ];
  return [{ kind: "info", title: "No traffic in this window yet", text }];
}

interface Known {
  status: StatusAnswer | null;
  hasTraffic: boolean | null;
  failure: string | null;
}

const known: Known = { status: null, hasTraffic: null, failure: null };
let shown = "";

/** Tells what is new; the rest is as it was. `failure`: why the page could not be filled. */
export function updateNotices(news: Partial<Known>): void {
  Object.assign(known, news);
  const { status, hasTraffic, failure } = known;
  const failed: Notice[] =
    failure === null ? [] : [{ kind: "bad", title: "This page could not be filled", text: [failure] }];
  const notices = [...failed, ...(status === null ? [] : statusNotices(status)), ...emptyNotice(hasTraffic)];
  const items = notices.map(({ kind, title, text }) =>
    element(
      "div",
      { class: "notice", "data-kind": kind, role: kind === "info" ? "status" : "alert" },
      element("strong", {}, title),
      element("span", {}, ...text),
    ),
  );
  const now = items.map(({ textContent }) => textContent).join("\n");
  // An alert is said again whenever it is put in again.
  if (now === shown) return;
  shown = now;
  find("#notices").replaceChildren(...items);
}
