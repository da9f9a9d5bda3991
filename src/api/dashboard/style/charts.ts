// Charts with their legends and tooltips, and the strip of observed time.

export const CHARTS_CSS = `
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: var(--gap); } .chart { padding-bottom: .8rem; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: .1rem .7rem; align-items: baseline; min-height: 4.2rem; align-content: flex-start; } .chart .what { color: var(--soft); font-size: .87rem; }
.legend { flex: 1 1 100%; display: flex; flex-wrap: wrap; gap: .1rem .2rem; margin-left: -.35rem; } .legend button { min-height: 1.6rem; padding: .05rem .4rem; border-color: transparent; background: none; font-size: .82rem; color: var(--ink); } .legend button:hover { background: var(--raised); }
.legend button[aria-pressed="false"] { color: var(--soft); text-decoration: line-through; } .legend svg { width: 1.3rem; height: .7rem; flex: none; } .legend .total { color: var(--soft); font-variant-numeric: tabular-nums; }
.plot { position: relative; height: 232px; border-radius: 6px; } .plot .nothing { position: absolute; inset: 0; display: grid; place-items: center; color: var(--soft); text-align: center; pointer-events: none; }
.u-over { cursor: crosshair; } .u-select { background: var(--accent); opacity: .14; } .u-hz .u-cursor-x, .u-vt .u-cursor-y { border-right-color: var(--soft); }
.tooltip { position: absolute; z-index: 5; top: 6px; pointer-events: none; min-width: 11rem; max-width: 19rem; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); box-shadow: 0 4px 18px rgb(0 0 0 / 18%); font-size: .82rem; line-height: 1.45; }
.tooltip .when { color: var(--soft); margin-bottom: .2rem; } .tooltip table { width: 100%; border-collapse: collapse; } .tooltip :is(th, td) { padding: 0; border: 0; line-height: 1.5; } .tooltip th { text-align: left; font-weight: 400; padding-right: .9rem; white-space: nowrap; } .tooltip td { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
.tooltip .swatch { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .4rem; vertical-align: -1px; } .tooltip .mark { margin-top: .3rem; padding-top: .3rem; border-top: 1px solid var(--line); color: var(--open); overflow-wrap: anywhere; }
.as-table { margin-top: .3rem; font-size: .85rem; } .as-table summary { color: var(--soft); cursor: pointer; width: max-content; } .as-table .wide { max-height: 18rem; overflow: auto; }
.strip { margin-top: .7rem; } .strip:first-child { margin-top: 0; } .strip .strip-head strong { min-width: 0; overflow-wrap: anywhere; } .strip .strip-head { display: flex; justify-content: space-between; gap: 1rem; font-size: .88rem; } .strip .strip-head span:last-child { font-variant-numeric: tabular-nums; color: var(--soft); white-space: nowrap; }
.strip .track { position: relative; height: 1rem; margin: .25rem 0; border-radius: 5px; background: var(--good); overflow: hidden; } .strip .track i { position: absolute; top: 0; bottom: 0; left: var(--from); width: max(2px, var(--length)); background: var(--bad); } .strip .track i[data-soft="yes"] { background: var(--line); } .strip .track i[data-soft="no"] { background-image: repeating-linear-gradient(135deg, transparent 0 4px, rgb(255 255 255 / 28%) 4px 8px); }
.strip .ends { display: flex; justify-content: space-between; color: var(--soft); font-size: .8rem; }
@media (max-width: 900px) { .charts { grid-template-columns: minmax(0, 1fr); } }
`;
