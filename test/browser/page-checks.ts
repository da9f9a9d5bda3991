// What is asked of the whole page from inside it, as text: these run in the browser, whose globals the tests don't have.

/** Texts whose contrast with what they stand on is below WCAG's AA (2.2, 1.4.3), as `text: contrast`. */
export const LOW_CONTRAST = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const groundOf = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const style = getComputedStyle(at);
      const gradient = style.backgroundImage.match(/^linear-gradient\\([^,]+, (rgb\\([^)]+\\))/);
      if (gradient) return parse(gradient[1]);
      const color = parse(style.backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const node = walker.currentNode.parentElement;
    if (text === "" || node.closest("canvas, option, .sr-only, noscript") || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [a, b] = [luminance(parse(style.color)), luminance(groundOf(node))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) low.push(text.slice(0, 40) + ": " + contrast.toFixed(2));
  }
  return low;
})()`;

/** Controls that a screen reader would have no name for. */
export const NAMELESS = `(() => [...document.querySelectorAll("button, input:not([type=hidden]), select, a[href], [role=img], [role=region], dialog[open], form")]
  .filter((node) => node.checkVisibility())
  .filter((node) => {
    const labelled = (node.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("");
    const name = node.getAttribute("aria-label") || labelled || [...(node.labels ?? [])].map((label) => label.textContent).join("") || (["BUTTON", "A"].includes(node.tagName) ? node.textContent : "");
    return name.trim() === "" && node.tagName !== "FORM";
  }).map((node) => node.outerHTML.slice(0, 120)))()`;

/** Elements that reach beyond the right edge of the window, but for what scrolls by itself. */
export const TOO_WIDE = `[...document.querySelectorAll("body *")]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 0.5 && !node.parentElement.closest(".wide, .segments, .statement-text, .sr-only"))
  .map((node) => node.outerHTML.slice(0, 100))`;

/** The level of each heading, in their order. */
export const HEADING_LEVELS = `[...document.querySelectorAll("h1, h2, h3")].map((node) => Number(node.tagName[1]))`;

/** What has the keyboard: its id, name or text. */
export const FOCUSED = `(() => {
  const node = document.activeElement;
  return node.getAttribute("aria-label") || node.name || node.id || node.textContent.trim();
})()`;
