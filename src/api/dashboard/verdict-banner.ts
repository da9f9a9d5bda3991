// The banner: the one answer that the page is for. The server fills it with the verdict that was last given, the browser with
// the one of now; both fill the same places, which `data-field` names.

import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Readiness } from "../../projections/readiness/readiness-schema.ts";
import { percent } from "../../projections/readiness/wording.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const WORDS = { READY: "Ready", NOT_READY: "Not ready", INCONCLUSIVE: "Inconclusive" } as const;
/** Of the ring, whose length is 100. */
const RING_RADIUS = 15.9155;

const shortMoment = (text: string): string => `${text.slice(0, 16).replace("T", " ")} UTC`;

/** A verdict as the first words of a page's title and of its banner. */
export const verdictWords = (answer: Readiness | null): string =>
  answer === null ? "Working it out…" : WORDS[answer.verdict];

export function verdictBanner(answer: Readiness | null): Html {
  const score = answer === null ? "–" : answer.confidence_score.toFixed(0);
  return html`<section
    id="verdict"
    class="verdict card"
    data-verdict="${answer?.verdict ?? "UNKNOWN"}"
    aria-labelledby="verdict-words"
  >
    <div class="verdict-main">
      <p class="eyebrow">
        Is it safe to cut over?
        <span class="tag verdict-tag" data-field="tag" ${answer === null ? "hidden" : ""}>Last known, asking anew</span>
      </p>
      <h1 id="verdict-words" tabindex="-1">
        <span class="verdict-icon" aria-hidden="true"></span><span data-field="verdict">${verdictWords(answer)}</span>
      </h1>
      <p class="recommendation" data-field="recommendation">${answer?.recommendation ?? "Asking the event log"}</p>
      <p class="lead" data-field="lead">${answer?.reasons[0] ?? ""}</p>
    </div>
    <div class="score" role="img" data-field="score-ring" aria-label="Confidence score ${score} of 100">
      <svg viewBox="0 0 36 36" aria-hidden="true">
        <circle class="ring-ground" cx="18" cy="18" r="${RING_RADIUS}" />
        <circle
          class="ring-value"
          data-field="ring"
          cx="18"
          cy="18"
          r="${RING_RADIUS}"
          pathLength="100"
          stroke-dasharray="${answer?.confidence_score ?? 0} 100"
        />
      </svg>
      <div class="score-text" aria-hidden="true"><strong data-field="score">${score}</strong><span>of 100</span></div>
      <p class="band" data-field="band">${answer?.band ?? ""}</p>
    </div>
    <dl class="facts">
      <div>
        <dt>Window</dt>
        <dd data-field="window">
          ${answer === null ? "–" : `${shortMoment(answer.from)} – ${shortMoment(answer.to)}`}
        </dd>
      </div>
      <div>
        <dt>Observed</dt>
        <dd data-field="observed">${answer === null ? "–" : percent(answer.metrics.observed_share)}</dd>
      </div>
      <div>
        <dt>Expires</dt>
        <dd data-field="expires">
          ${answer === null ? "–" : answer.expires_at === null ? "never" : shortMoment(answer.expires_at)}
        </dd>
      </div>
      <div>
        <dt>Rests on</dt>
        <dd data-field="resolution">
          ${answer === null ? "–" : `the verdict of ${shortMoment(answer.to)}; asking anew`}
        </dd>
      </div>
    </dl>
  </section>`;
}
