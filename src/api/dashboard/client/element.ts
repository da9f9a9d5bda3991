// Makes elements. Text is only ever text: there is no way to hand in markup.

type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | number | boolean | null>>;

const SVG = "http://www.w3.org/2000/svg";

function fill<E extends Element>(node: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** An attribute that is null or false is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The one element that the page has under this selector. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as querySelector itself, which it makes certain
export function find<E extends Element = HTMLElement>(selector: string, within: ParentNode = document): E {
  const found = within.querySelector<E>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** The place that the server has named. */
export const field = (name: string, within: ParentNode = document): HTMLElement =>
  find(`[data-field="${name}"]`, within);

/** A moment as RFC 3339 for machines, and as people here read it. */
export const time = (iso: string, words: string): HTMLTimeElement =>
  element("time", { datetime: iso, title: iso.replace(/\.\d+Z$/, "Z") }, words);

/** Puts new children in, and the keyboard back to where it was: to the element with the same `data-key`. */
export function replaceChildren(parent: Element, ...children: readonly Node[]): void {
  const active = document.activeElement;
  const key = active !== null && parent.contains(active) ? active.getAttribute("data-key") : null;
  parent.replaceChildren(...children);
  if (key === null) return;
  for (const next of parent.querySelectorAll<HTMLElement>("[data-key]")) {
    if (next.dataset["key"] === key) next.focus({ preventScroll: true });
  }
}
