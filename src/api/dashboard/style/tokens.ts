// Colours and sizes, once for light and once for dark. Every text colour has a contrast of at least 4.5 on every ground that it
// stands on; a test in a browser computes it.

const LIGHT = `
  --ground: #f3f5f8; --card: #ffffff; --raised: #f7f9fb; --ink: #141a22; --soft: #535e6c; --line: #dde2e9; --strong-line: #8b96a5;
  --accent: #1f4fbf; --accent-ink: #ffffff; --accent-ground: #e8eefb; --shadow: 0 1px 2px rgb(20 26 34 / 6%), 0 4px 16px rgb(20 26 34 / 5%);
  --good: #0d6b35; --good-ground: #e3f5ea; --bad: #b3251c; --bad-ground: #fdebe9; --open: #7d5200; --open-ground: #fff3d9;
  --c-mirrored: #4a7fe0; --c-errored: #cf3a30; --c-dropped: #e39a1c; --c-skipped: #c3cad4;
  --c-query: #cf3a30; --c-connection: #7b4fc9; --c-timeout: #12908c; --c-buffer_full: #e39a1c;
  --c-mirror: #2a62d6; --c-primary: #6b7685; --c-queue: #7b4fc9; --c-grid: #e6eaef; --c-gap: rgb(125 82 0 / 13%); --c-mark: #7d5200;`;

const DARK = `
  --ground: #0c1016; --card: #151a22; --raised: #1b212b; --ink: #e9edf3; --soft: #a3adba; --line: #2a323e; --strong-line: #6c7888;
  --accent: #86aeff; --accent-ink: #0c1016; --accent-ground: #1c2a47; --shadow: 0 1px 2px rgb(0 0 0 / 40%);
  --good: #5fd38d; --good-ground: #12291c; --bad: #ff8f86; --bad-ground: #331817; --open: #e8b04a; --open-ground: #2e230e;
  --c-mirrored: #5b8def; --c-errored: #f2645a; --c-dropped: #e3a53a; --c-skipped: #46505e;
  --c-query: #f2645a; --c-connection: #a685f0; --c-timeout: #3dbdb6; --c-buffer_full: #e3a53a;
  --c-mirror: #7aa6ff; --c-primary: #98a3b1; --c-queue: #a685f0; --c-grid: #232a35; --c-gap: rgb(232 176 74 / 15%); --c-mark: #e8b04a;`;

export const TOKENS_CSS = `
:root { color-scheme: light; --radius: 12px; --gap: 16px; --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, monospace;${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark;${DARK} } }
:root[data-theme="dark"] { color-scheme: dark;${DARK} }
@media print { :root:root:root { color-scheme: light;${LIGHT} } }
`;
