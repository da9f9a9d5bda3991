// Fills the banner, and the figures below it.

import type { ReadinessAnswer, Verdict } from "./answers.ts";
import { element, field, find, time } from "./element.ts";
import { counted, duration, grouped, minute, ms, percent, percentDown } from "./format.ts";

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  READY: "Ready",
  NOT_READY: "Not ready",
  INCONCLUSIVE: "Inconclusive",
};

let announced = "";

/** `changed`: the settings that are others than the stored ones in this question. */
export function showVerdict(answer: ReadinessAnswer, changed: readonly string[]): void {
  const isWhatIf = changed.length > 0;
  const banner = find("#verdict");
  const words = VERDICT_WORDS[answer.verdict];
  const score = answer.confidence_score.toFixed(0);
  banner.dataset["verdict"] = answer.verdict;
  banner.dataset["whatIf"] = isWhatIf ? "yes" : "no";
  field("tag").hidden = !isWhatIf;
  field("tag").textContent = `What if: ${changed.join(", ")} changed for this view, the stored policy stays`;
  field("verdict").textContent = words;
  field("recommendation").textContent = answer.recommendation;
  field("lead").textContent = answer.reasons[0] ?? "";
  field("score").textContent = score;
  field("band").textContent = answer.band;
  field("score-ring").setAttribute("aria-label", `Confidence score ${score} of 100, ${answer.band}`);
  field("ring").setAttribute("stroke-dasharray", `${answer.confidence_score} 100`);
  showFacts(answer);
  document.title = `${isWhatIf ? "What if: " : ""}${words} · pgsoak`;
  const news = `${isWhatIf ? "What if: " : ""}${words}, confidence ${score} of 100`;
  // Said once: a reader of the screen is not to hear it with every refresh.
  if (news !== announced) find("#announcer").textContent = announced = news;
}

/** The question has failed: what stands there, if anything, is the answer to an earlier one. */
export function markVerdictOld(): void {
  if (find("#verdict").dataset["verdict"] === "UNKNOWN") {
    field("verdict").textContent = "No answer";
    field("recommendation").textContent = "What is in the way is said above";
    return;
  }
  field("tag").hidden = false;
  field("tag").textContent = "Last known, not of now";
}

function showFacts(answer: ReadinessAnswer): void {
  const { from, to, expires_at: expires, resolution, metrics } = answer;
  field("window").replaceChildren(time(from, minute(from)), " – ", time(to, minute(to)));
  const share = percentDown(metrics.observed_share);
  field("observed").textContent = `${duration(metrics.observed_hours * 3600)}, ${share} of the window`;
  field("expires").replaceChildren(expires === null ? "never" : time(expires, minute(expires)));
  field("resolution").textContent = resolution === "exact" ? "every single event" : `buckets of ${resolution}`;
}

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly aside: string;
}

function figuresOf({ metrics }: ReadinessAnswer): Figure[] {
  const { mirror, primary } = metrics.latency;
  const { errored, dropped, seen } = metrics.requests;
  // As the rate counts them: what follows from an earlier error is counted with it.
  const failures = [
    counted(errored - metrics.cascades, "error"),
    counted(dropped, "drop"),
    ...(metrics.cascades === 0 ? [] : [counted(metrics.cascades, "consequence")]),
  ];
  return [
    { name: "Requests selected", value: grouped(metrics.total_requests), aside: `${grouped(seen)} seen` },
    {
      name: "Error rate, overall",
      value: percent(metrics.error_rate, (metrics.error_rate ?? 0) < 0.001 ? 3 : 2),
      aside: failures.join(", "),
    },
    { name: "Divergences, overall", value: percent(metrics.divergence_rate, 3), aside: "results that differ" },
    {
      name: "Mirror p95",
      value: ms(mirror?.p95_ms ?? null),
      aside: primary === null ? "no request yet" : `primary ${ms(primary.p95_ms)}`,
    },
    {
      name: "Observed",
      value: duration(metrics.observed_hours * 3600),
      aside: `${percentDown(metrics.observed_share)} of the window`,
    },
    { name: "In a row", value: grouped(metrics.consecutive_successes), aside: "successes up to the end" },
  ];
}

/** A number and its unit, so that the unit can be smaller. */
function valueElement(value: string): HTMLElement {
  const [, number = value, unit = ""] = /^([<\d.,]+) ?(%|ms|s)$/.exec(value) ?? [];
  return element("span", { class: "value" }, number, unit === "" ? null : element("span", { class: "unit" }, unit));
}

export function showFigures(answer: ReadinessAnswer): void {
  const items = figuresOf(answer).map(({ name, value, aside }) =>
    element(
      "li",
      {},
      element("span", { class: "name" }, name),
      valueElement(value),
      element("span", { class: "aside" }, aside),
    ),
  );
  find("#figures").replaceChildren(...items);
}
