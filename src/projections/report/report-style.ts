// The look of the report: light and dark on a screen, dark ink on white paper. No colour says anything alone: statuses are
// words, lines differ in their strokes.

export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #59636e; --line: #d1d9e0; --ground: #eef1f4;
  --good: #1a7f37; --bad: #cf222e; --open: #9a6700; --main: #2f6fd0; --second: #7b4bc9; --third: #0f8a8a; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --soft: #9198a1; --line: #3d444d;
  --ground: #21262d; --good: #3fb950; --bad: #ff7b72; --open: #d29922; --main: #6ca8ff; --second: #b88cff; --third: #39c5c5; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 0; }
.banner { border: 2px solid currentColor; border-left-width: .8rem; border-radius: .4rem; padding: 1rem 1.2rem; }
.banner .verdict { font-size: 2rem; font-weight: 700; line-height: 1.2; } .banner p { color: var(--ink); margin: .3rem 0 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } div.wide { overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { overflow-wrap: normal; } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.moment, td.pass, td.warn, td.fail, td.insufficient, td.off { white-space: nowrap; }
code { font: .85rem/1.4 ui-monospace, monospace; white-space: pre-wrap; } td:has(code) { min-width: 15rem; } td .sample { color: var(--soft); }
.READY, .pass { color: var(--good); } .NOT_READY, .fail { color: var(--bad); } .INCONCLUSIVE, .insufficient, .warn { color: var(--open); }
figure { margin: 1.2rem 0; } figcaption { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; align-items: baseline; }
figcaption p, .note { margin: 0; font-size: .85rem; color: var(--soft); } .entry { margin-right: 1rem; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--soft); }
svg path { fill: none; stroke-width: 1; } svg.key { display: inline-block; width: 1.6rem; height: .7rem; margin-right: .3rem; }
svg.key path { stroke-width: 10; } svg.bar { width: 7.5rem; } svg.bar path { stroke-width: 8; }
.grid { stroke: var(--line); stroke-width: .5; } path.mark { stroke: var(--ink); stroke-dasharray: 2 3; } svg text.mark { fill: var(--ink); font-weight: 600; }
path.ground { stroke: var(--ground); } path.value { stroke: currentColor; } svg.bar path.threshold { stroke: var(--ink); stroke-width: 1.5; }
.mirrored, .observed { stroke: var(--main); } .errored, .query, .gap { stroke: var(--bad); } .dropped, .buffer-full { stroke: var(--open); }
.skipped { stroke: var(--line); } .connection { stroke: var(--second); } .timeout { stroke: var(--third); }
path.area { stroke: none; } path.area.mirrored, path.area.observed { fill: var(--main); } path.area.errored, path.area.query, path.area.gap { fill: var(--bad); }
path.area.dropped, path.area.buffer-full { fill: var(--open); } path.area.skipped { fill: var(--line); }
path.area.connection { fill: var(--second); } path.area.timeout { fill: var(--third); }
path.p50, svg.key path.p50, path.p95, svg.key path.p95, path.p99, svg.key path.p99 { stroke-linecap: round; stroke-linejoin: round; }
path.p50, svg.key path.p50 { stroke: var(--main); stroke-width: 1.5; } path.p95, svg.key path.p95 { stroke: var(--second); stroke-width: 1.5; stroke-dasharray: 5 3; }
path.p99, svg.key path.p99 { stroke: var(--bad); stroke-width: 2.2; }
@media screen and (max-width: 48rem) { div.wide table { min-width: 44rem; } }
@page { margin: 14mm; }
@media print { :root { color-scheme: light; } body { font-size: 10pt; margin: 0; max-width: none; padding: 0; } div.wide { overflow: visible; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } h2, h3, figcaption { break-after: avoid; }
  figure, tr, li, .banner { break-inside: avoid; } svg text { font-size: 14px; } thead { display: table-header-group; } }
`;
