// The window picker and the selections on top of the page.

import { find } from "./element.ts";
import type { ViewState } from "./view-state.ts";

export interface ViewControls {
  show(state: ViewState): void;
}

type Change = Partial<Pick<ViewState, "window" | "from" | "to" | "mirroring" | "database">>;

const pad = (value: number): string => String(value).padStart(2, "0");

/** A moment as `<input type=datetime-local>` writes it, in the browser's time zone. RFC 3339, or Unix seconds. */
function localMoment(text: string): string {
  const date = new Date(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : text);
  if (Number.isNaN(date.getTime())) return "";
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

const utcMoment = (local: string): string => new Date(local).toISOString().replace(/\.000Z$/, "Z");

export function createViewControls(onChange: (change: Change) => void): ViewControls {
  const view = find<HTMLFormElement>("#view");
  const custom = find<HTMLFormElement>("#custom");
  const windows = [...view.querySelectorAll<HTMLInputElement>("input[name=window]")];
  const [from, to] = ["from", "to"].map((name) => find<HTMLInputElement>(`[name=${name}]`, custom));
  if (from === undefined || to === undefined) return { show: () => {} };

  for (const radio of windows) {
    radio.addEventListener("change", () => {
      custom.hidden = radio.value !== "custom";
      if (radio.value === "custom") from.focus();
      else onChange({ window: radio.value, from: null, to: null });
    });
  }
  for (const name of ["mirroring", "database"] as const) {
    const offered = find<HTMLSelectElement>(`select[name=${name}]`, view);
    offered.addEventListener("change", () => onChange({ [name]: offered.value === "" ? null : offered.value }));
  }
  view.addEventListener("submit", (event) => event.preventDefault());
  custom.addEventListener("submit", (event) => {
    event.preventDefault();
    onChange({ window: null, from: utcMoment(from.value), to: to.value === "" ? null : utcMoment(to.value) });
  });

  return {
    show: (state) => {
      const isOffered = windows.some(({ value }) => value === state.window);
      for (const radio of windows) radio.checked = isOffered ? radio.value === state.window : radio.value === "custom";
      custom.hidden = isOffered;
      if (state.from !== null) from.value = localMoment(state.from);
      to.value = state.to === null ? "" : localMoment(state.to);
      for (const name of ["mirroring", "database"] as const) select(name, state[name]);
    },
  };

  /** A name that the log doesn't know (yet) is offered too: the address asked for it. */
  function select(name: "mirroring" | "database", value: string | null): void {
    const field = find<HTMLSelectElement>(`select[name=${name}]`, view);
    const wanted = value ?? "";
    if (![...field.options].some((option) => option.value === wanted)) field.add(new Option(wanted, wanted));
    field.value = wanted;
  }
}
