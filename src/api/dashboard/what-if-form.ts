// The form of thresholds: what the verdict would be under another policy. The stored one stays as it is.

import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { SETTING_NAMES, type SettingName } from "../../projections/readiness/policy.ts";
import type { PageFacts } from "./page-facts.ts";
import { SETTING_WORDS } from "./setting-words.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const P99_RULES = ["warn", "fail", "off"] as const;
const VALUE_CHARACTERS_MAX = 64;

function field(name: SettingName, stored: string): Html {
  const { label, hint } = SETTING_WORDS[name];
  const id = `what-if-${name}`;
  const input =
    name === "mirror_p99_rule"
      ? html`<select id="${id}" name="${name}" data-stored="${stored}" aria-describedby="${id}-hint">
          ${P99_RULES.map(
            (rule) => html`<option value="${rule}" ${rule === stored ? "selected" : ""}>${rule}</option>`,
          )}
        </select>`
      : html`<input
          id="${id}"
          name="${name}"
          value="${stored}"
          data-stored="${stored}"
          maxlength="${VALUE_CHARACTERS_MAX}"
          autocomplete="off"
          spellcheck="false"
          aria-describedby="${id}-hint"
        />`;
  return html`<div class="field">
    <label for="${id}">${label}</label>${input}
    <p class="hint" id="${id}-hint" data-hint="${hint}; stored: ${stored}">${hint}; stored: ${stored}</p>
  </div>`;
}

export function whatIfForm({ policy }: PageFacts): Html {
  return html`<details id="what-if" class="what-if">
    <summary>What if the thresholds were others?</summary>
    <form novalidate>
      <p class="note">
        For this view alone: the stored policy, exit codes, metrics and everybody else’s page stay as they are. The
        values stand in this page’s address, so it can be sent to somebody. <code>off</code> leaves a criterion out.
      </p>
      <div class="fields">${SETTING_NAMES.map((name) => field(name, String(policy[name])))}</div>
      <p class="form-actions">
        <button type="submit" class="primary">Ask what if</button>
        <button type="button" data-action="reset">Back to the stored policy</button>
      </p>
    </form>
  </details>`;
}
