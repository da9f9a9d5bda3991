// Light, dark, or as the system has it. The server reads the cookie, so that the page is never first one and then the other.

import { find } from "./element.ts";

const THEMES = ["system", "light", "dark"] as const;
const WORDS = { system: "as the system has them", light: "light", dark: "dark" } as const;
const YEAR_SECONDS = 31_536_000;

export function startTheme(onChange: () => void): void {
  const button = find<HTMLButtonElement>("#theme");
  const root = document.documentElement;
  const now = (): (typeof THEMES)[number] => THEMES.find((theme) => theme === root.dataset["theme"]) ?? "system";
  const show = (): void => button.setAttribute("aria-label", `Colours: ${WORDS[now()]}`);
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(now()) + 1) % THEMES.length] ?? "system";
    if (next === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = next;
    const age = next === "system" ? 0 : YEAR_SECONDS;
    document.cookie = `theme=${next}; path=/; max-age=${age}; samesite=strict`;
    show();
    onChange();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  // Paper is white, whatever the screen is.
  matchMedia("print").addEventListener("change", onChange);
  show();
}
