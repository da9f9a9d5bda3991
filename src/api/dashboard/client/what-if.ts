// The form of thresholds. What differs from the stored policy goes into the page's address, and with it into the question.

import { find } from "./element.ts";
import type { AskError } from "./ask.ts";
import type { ViewState } from "./view-state.ts";

type Field = HTMLInputElement | HTMLSelectElement;

export interface WhatIf {
  /** Fills the form from the address. */
  show(state: ViewState): void;
  /** Says which value was refused; null: none. Returns whether the form has it. */
  refuse(error: AskError | null): boolean;
}

/** `onAsk`: with these overrides; none: the stored policy. */
export function createWhatIf(onAsk: (overrides: Record<string, string>) => void): WhatIf {
  const details = find<HTMLDetailsElement>("#what-if");
  const form = find<HTMLFormElement>("form", details);
  const fields = [...form.querySelectorAll<Field>("[data-stored]")];
  const changed = ({ value, dataset }: Field): boolean => value.trim() !== dataset["stored"];
  const mark = (each: Field): void => {
    const box = each.closest<HTMLElement>(".field");
    if (box !== null) box.dataset["changed"] = changed(each) ? "yes" : "no";
  };
  const hintOf = (each: Field): HTMLElement => find(`#${each.id}-hint`, form);

  /** The overrides that the form was last filled with. */
  let shown = "";
  form.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) mark(event.target);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const pairs = fields.filter(changed).map((each) => [each.name, each.value.trim()] as const);
    // An emptied field means the stored value.
    onAsk(Object.fromEntries(pairs.filter(([, value]) => value !== "")));
  });
  find('[data-action="reset"]', form).addEventListener("click", () => {
    shown = "";
    onAsk({});
  });

  return {
    show: ({ overrides }) => {
      // What somebody is filling in stays when another part of the address changes.
      const now = JSON.stringify(overrides);
      if (now === shown) return;
      shown = now;
      for (const each of fields) {
        each.value = overrides[each.name] ?? each.dataset["stored"] ?? "";
        mark(each);
      }
      if (Object.keys(overrides).length > 0) details.open = true;
    },
    refuse: (error) => {
      let isOurs = false;
      for (const each of fields) {
        const isWrong = error !== null && error.field === each.name;
        const hint = hintOf(each);
        hint.textContent = isWrong ? error.message : (hint.dataset["hint"] ?? "");
        hint.dataset["wrong"] = isWrong ? "yes" : "no";
        if (isWrong) each.setAttribute("aria-invalid", "true");
        else each.removeAttribute("aria-invalid");
        isOurs ||= isWrong;
      }
      if (isOurs) details.open = true;
      return isOurs;
    },
  };
}
