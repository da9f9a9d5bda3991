// The page at `/`: all of its places, with the last known verdict in the first of them. The rest comes by fetch, so that the
// page is there at once however large the log is.

import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { DashboardFiles } from "./dashboard-files.ts";
import type { PageFacts } from "./page-facts.ts";
import { pageHeader } from "./page-header.ts";
import { verdictBanner, verdictWords } from "./verdict-banner.ts";
import { whatIfForm } from "./what-if-form.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const CHARTS = [
  ["requests", "Requests", "per second, by outcome"],
  ["errors", "Errors", "by category"],
  ["latency", "Latency", "mirror and primary, ms"],
  ["queue", "Queue depth", "requests waiting for, or running on, the mirror"],
] as const;

const SORTS = [
  ["errors", "Errors"],
  ["ratio", "Regressions"],
  ["divergences", "Divergences"],
  ["latency", "Slowest"],
  ["calls", "Busiest"],
] as const;

export function pageHead(title: string, { version }: DashboardFiles): Html {
  const base = `/dashboard/${version}`;
  return html`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    <link rel="icon" href="${base}/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="${base}/style.css" />`;
}

export function page(facts: PageFacts, files: DashboardFiles): Html {
  const base = `/dashboard/${files.version}`;
  return html`<!doctype html>
    <html lang="en" ${facts.theme === null ? "" : html`data-theme="${facts.theme}"`}>
      <head>
        ${pageHead(`${verdictWords(facts.lastVerdict)} · pgsoak`, files)}
        ${files.modules.map((name) => html`<link rel="modulepreload" href="${base}/${name}" />`)}
        <script defer src="${base}/uplot.js"></script>
        <script type="module" src="${base}/${files.entry}"></script>
      </head>
      <body
        data-proxy="${facts.proxy}"
        data-mirroring="${facts.isMirroringConfigured ? "configured" : "none"}"
        data-write="${facts.canWrite ? "yes" : "no"}"
      >
        <a class="skip" href="#verdict-words">Skip to the verdict</a>
        ${pageHeader(facts)}
        <p id="announcer" class="sr-only" role="status"></p>
        <main>
          <div id="notices" class="notices"></div>
          <noscript
            ><p class="notice" data-kind="warn">
              This page needs JavaScript. The same in plain text:
              <a href="/readiness?format=text">/readiness?format=text</a>
            </p></noscript
          >
          ${verdictBanner(facts.lastVerdict)}
          <ul id="figures" class="figures" aria-label="Key figures"></ul>
          <div class="split">
            <div class="side">
              <section class="card" aria-labelledby="criteria-title">
                <h2 id="criteria-title">Criteria</h2>
                ${whatIfForm(facts)}
                <div id="criteria" class="criteria"></div>
              </section>
              <section class="card" aria-labelledby="observed-title">
                <h2 id="observed-title">Observed time</h2>
                <div id="observed"></div>
              </section>
            </div>
            <div class="side">
              <section class="card" aria-labelledby="reasons-title">
                <h2 id="reasons-title">Why</h2>
                <div id="reasons"></div>
                <h2 id="needed-title" class="second">Still needed</h2>
                <div id="needed"></div>
              </section>
              <section class="card" aria-labelledby="mirrorings-title">
                <h2 id="mirrorings-title">Mirrors now</h2>
                <div id="mirrorings"></div>
              </section>
              <section class="card" aria-labelledby="notes-title">
                <h2 id="notes-title">Time line</h2>
                ${noteForm(facts)}
                <div id="notes"></div>
              </section>
            </div>
          </div>
          <section aria-labelledby="charts-title">
            <h2 id="charts-title" class="sr-only">Charts of the window</h2>
            <div class="charts">
              ${CHARTS.map(
                ([id, title, what]) =>
                  html`<figure class="card chart" id="chart-${id}">
                    <figcaption>
                      <h3>${title}</h3>
                      <span class="what" data-field="what">${what}</span>
                      <div class="legend" role="group" aria-label="Series of ${title}"></div>
                    </figcaption>
                    <div class="plot" role="img" tabindex="0" aria-label="${title}, ${what}"></div>
                    <details class="as-table">
                      <summary>As a table</summary>
                      <div class="wide" tabindex="0" role="region" aria-label="${title} as a table"></div>
                    </details>
                  </figure>`,
              )}
            </div>
          </section>
          <section class="card" aria-labelledby="statements-title">
            <div class="section-head">
              <h2 id="statements-title">Statements</h2>
              <div class="segments" role="group" aria-label="What comes first" id="sorts">
                ${SORTS.map(
                  ([sort, words]) =>
                    html`<button type="button" data-sort="${sort}" aria-pressed="false">${words}</button>`,
                )}
              </div>
            </div>
            <div id="statements" class="wide" tabindex="0" role="region" aria-label="Statements"></div>
          </section>
        </main>
        <footer>
          <p id="footnote">pgsoak ${facts.version}</p>
          <p class="links">
            <a data-link="/readiness?format=text" href="/readiness?format=text">Report as text</a>
            <a data-link="/readiness" href="/readiness">JSON</a>
            <a data-link="/history?format=csv" href="/history?format=csv">CSV</a>
            <a href="/metrics">Metrics</a> <a href="/openapi.json">API</a>
          </p>
        </footer>
        <dialog id="statement" aria-labelledby="statement-title"></dialog>
      </body>
    </html>`;
}

function noteForm({ canWrite, canLogIn }: PageFacts): Html {
  if (!canWrite) return canLogIn ? html`<p class="note"><a href="/login">Log in</a> to add a note.</p>` : html``;
  return html`<form id="note" class="note-form">
    <div class="field grow">
      <label for="note-text">Add a note</label
      ><input
        id="note-text"
        name="text"
        maxlength="1000"
        required
        placeholder="What happened just now?"
        autocomplete="off"
      />
    </div>
    <div class="field">
      <label for="note-who">Your name</label><input id="note-who" name="who" maxlength="100" autocomplete="nickname" />
    </div>
    <button type="submit" class="primary">Add</button>
    <p class="hint" data-field="note-says" role="status"></p>
  </form>`;
}
