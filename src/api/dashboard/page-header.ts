// The top of the page: which window and whose traffic it is about, whether it is live, and how it looks.

import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { PageFacts } from "./page-facts.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const WINDOWS = ["1h", "6h", "24h", "7d", "30d", "all"] as const;

function selection(name: string, label: string, all: string, values: readonly string[]): Html {
  return html`<select name="${name}" aria-label="${label}">
    <option value="">${all}</option>
    ${values.map((value) => html`<option value="${value}">${value}</option>`)}
  </select>`;
}

export function pageHeader(facts: PageFacts): Html {
  const { version, mirrorings, databases, isLoggedIn, canLogIn } = facts;
  return html`<header class="top">
    <div class="brand">
      <span class="logo" aria-hidden="true"></span><strong>pgsoak</strong><span class="version">${version}</span>
    </div>
    <form id="view" class="view" aria-label="What the page shows">
      <fieldset class="segments">
        <legend class="sr-only">Window</legend>
        ${WINDOWS.map((window) => html`<label><input type="radio" name="window" value="${window}" /><span>${window === "all" ? "All" : window}</span></label>`)}
        <label><input type="radio" name="window" value="custom" /><span>Custom</span></label>
      </fieldset>
      ${selection("mirroring", "Mirroring", "All mirrorings", mirrorings)}
      ${selection("database", "Database", "All databases", databases)}
    </form>
    <div class="tools">
      <button type="button" id="live" class="live" data-state="connecting" aria-pressed="true">
        <span class="dot" aria-hidden="true"></span><span data-field="live-words">Connecting…</span>
      </button>
      <button
        type="button"
        id="theme"
        class="icon-button"
        aria-label="Colours: as the system has them"
        title="Light, dark, or as the system has it"
      >
        <span class="theme-icon" aria-hidden="true"></span>
      </button>
      ${isLoggedIn ? html`<form method="post" action="/logout"><button type="submit" class="quiet">Log out</button></form>` : ""}
      ${canLogIn ? html`<a class="button quiet" href="/login">Log in</a>` : ""}
    </div>
    <form id="custom" class="custom" hidden aria-label="A window of your own">
      <label>From <input type="datetime-local" name="from" step="1" required /></label>
      <label>To <input type="datetime-local" name="to" step="1" /></label>
      <button type="submit">Show</button>
      <span class="hint"
        >Times are those of this browser. Without an end: until now. Dragging over a chart does the same.</span
      >
    </form>
  </header>`;
}
