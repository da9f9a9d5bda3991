// Pieces of HTML pages. Whatever comes from the log was chosen by clients, servers or people: all text goes through escapeHtml.

import { printable } from "./printable.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text and for attributes in quotes; control characters are spelled out. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}

/** `at`: a moment, microseconds since the Unix epoch, shown to the second. `figure`: a number with its unit. */
export type Cell = string | number | null | { readonly at: number } | { readonly figure: string };

/** RFC 3339 in UTC, without what is less than a second. */
export const secondOf = (us: number): string => `${new Date(us / 1000).toISOString().slice(0, 19)}Z`;

/** A number has at most six digits that count; null is an empty cell. */
export function cellHtml(value: Cell): string {
  if (value === null) return "<td></td>";
  if (typeof value === "string") return `<td>${escapeHtml(value)}</td>`;
  if (typeof value === "object" && "at" in value) return `<td class="moment">${secondOf(value.at)}</td>`;
  const words =
    typeof value === "object"
      ? value.figure
      : Number(value.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 });
  return `<td class="number">${escapeHtml(words)}</td>`;
}

/** A table of finished rows, `<tr>…</tr>` each; nothing at all without one. */
export function rowsHtml(title: string, head: readonly string[], rows: readonly string[]): string {
  if (rows.length === 0) return "";
  const heads = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  return `<h2>${escapeHtml(title)}</h2>\n<div class="wide"><table><thead><tr>${heads}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>\n`;
}

export function tableHtml(title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return rowsHtml(
    title,
    head,
    rows.map((each) => `<tr>${each.map(cellHtml).join("")}</tr>`),
  );
}

export function listHtml(title: string, sentences: readonly string[]): string {
  if (sentences.length === 0) return "";
  return `<h2>${escapeHtml(title)}</h2>\n<ul>\n${sentences.map((each) => `<li>${escapeHtml(each)}</li>`).join("\n")}\n</ul>\n`;
}
