// The links at the foot of the page: the same question as text, JSON or CSV.

import { queryOf, type ViewState } from "./view-state.ts";

export function linkAnswers(state: ViewState): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-link]")) {
    const [path = "", own = ""] = (link.dataset["link"] ?? "").split("?");
    const parts =
      path === "/readiness" ? (["span", "selection", "overrides"] as const) : (["span", "selection"] as const);
    const query = [own, queryOf(state, ...parts)].filter((part) => part !== "").join("&");
    link.href = query === "" ? path : `${path}?${query}`;
  }
}
