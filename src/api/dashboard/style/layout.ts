// Where things stand: the bar on top, cards in a column that is wide on a desk and narrow in a hand.

export const LAYOUT_CSS = `
* { box-sizing: border-box; }
html { font-size: 15px; scroll-padding-top: 5rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif; color: var(--ink); background: var(--ground); }
h1, h2, h3, p, dl, dd, ul, ol, figure, fieldset { margin: 0; padding: 0; border: 0; }
h2 { font-size: 1.05rem; font-weight: 650; letter-spacing: -.005em; } h3 { font-size: 1rem; font-weight: 650; }
a { color: var(--accent); } code { font-family: var(--mono); font-size: .92em; }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--gap); max-width: 1440px; margin: 0 auto; padding: var(--gap); }
.card { min-width: 0; padding: 1.1rem 1.25rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card); box-shadow: var(--shadow); }
.sr-only { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 20; padding: .5rem 1rem; border-radius: 8px; background: var(--accent); color: var(--accent-ink); } .skip:focus { top: .5rem; }
[hidden] { display: none !important; }
.top { position: sticky; top: 0; z-index: 10; display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1.1rem; padding: .6rem max(var(--gap), calc((100vw - 1440px) / 2 + var(--gap)));
  border-bottom: 1px solid var(--line); background: var(--card); }
.brand { display: flex; align-items: center; gap: .5rem; font-size: 1.1rem; letter-spacing: -.01em; } .brand .version { color: var(--soft); font-size: .8rem; }
.logo { width: 1.55rem; height: 1.55rem; background: url("icon.svg") center / contain no-repeat; }
.view { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; flex: 1 1 auto; } .tools { display: flex; gap: .5rem; align-items: center; }
.custom { flex: 1 1 100%; display: flex; flex-wrap: wrap; gap: .5rem .9rem; align-items: center; padding-top: .2rem; font-size: .9rem; }
.split { display: grid; grid-template-columns: minmax(0, 1.75fr) minmax(0, 1fr); gap: var(--gap); align-items: start; }
.side { display: grid; gap: var(--gap); min-width: 0; }
.section-head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; margin-bottom: .8rem; }
.card > h2 { margin-bottom: .7rem; }
footer { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; justify-content: space-between; max-width: 1440px; margin: 0 auto; padding: .3rem var(--gap) 2rem; color: var(--soft); font-size: .85rem; }
.links { display: flex; flex-wrap: wrap; gap: 1rem; } .hint, .note { color: var(--soft); font-size: .87rem; }
.empty { color: var(--soft); } .empty code, .notice code { padding: .05rem .3rem; border-radius: 5px; background: var(--raised); overflow-wrap: anywhere; color: var(--ink); }
.login { display: grid; min-height: 100vh; place-items: center; } .login main { width: min(26rem, 100vw); padding: 2rem; display: block; } .login form { display: grid; gap: 1rem; margin-top: 1rem; }
.login .says { color: var(--bad); font-weight: 600; } .login .brand { font-size: 1.4rem; }
body:has(main[aria-busy="true"]) .top { background-image: linear-gradient(90deg, transparent, var(--accent), transparent); background-size: 40% 3px; background-repeat: no-repeat; background-position: -70% 100%; }
@media (prefers-reduced-motion: no-preference) { body:has(main[aria-busy="true"]) .top { animation: seek 1.2s linear .25s infinite; } @keyframes seek { to { background-position: 170% 100%; } } }
@media (max-width: 1000px) { .split { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 640px) { html { font-size: 14.5px; } :root { --gap: 10px; } .top { position: static; } .card { padding: .9rem 1rem; }
  .view { order: 3; flex-basis: 100%; } .tools { margin-left: auto; } .view .segments { flex: 1 1 100%; } }
`;
