// What can be pressed and filled in. Everything that has the keyboard shows it.

export const CONTROLS_CSS = `
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; } h1:focus { outline: none; }
button, select, input, .button { font: inherit; font-size: .92rem; color: var(--ink); }
button, .button, select, input:not([type="radio"]) { min-height: 2.2rem; padding: .3rem .7rem; border: 1px solid var(--strong-line); border-radius: 8px; background: var(--card); }
button, .button { cursor: pointer; text-decoration: none; display: inline-flex; align-items: center; gap: .4rem; justify-content: center; } button:hover, .button:hover { background: var(--raised); }
.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); font-weight: 600; } .primary:hover { background: var(--accent); filter: brightness(1.08); }
button:disabled { opacity: .6; cursor: default; } .quiet { border-color: transparent; background: none; color: var(--accent); }
.icon-button { width: 2.2rem; padding: 0; } input[aria-invalid="true"], select[aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
.segments { display: inline-flex; border: 1px solid var(--strong-line); border-radius: 8px; overflow: auto clip; max-width: 100%; background: var(--card); }
.segments label, .segments button { position: relative; flex: 1 1 auto; min-height: 2.1rem; padding: 0; border: 0; border-radius: 0; border-left: 1px solid var(--line); display: inline-flex; cursor: pointer; background: none; }
.segments > :is(label, button):first-of-type { border-left: 0; } .segments input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.segments span, .segments button { display: grid; place-items: center; width: 100%; padding: .25rem .72rem; font-size: .9rem; }
.segments label:hover, .segments button:hover { background: var(--raised); }
.segments label:has(:checked), .segments button[aria-pressed="true"] { background: var(--accent-ground); color: var(--accent); font-weight: 650; }
.segments label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: -2px; } .segments button:focus-visible { outline-offset: -2px; }
.field { display: grid; gap: .25rem; } .field label { font-size: .87rem; font-weight: 600; } .field input, .field select { width: 100%; }
.live { border-color: var(--line); min-width: 7.5rem; justify-content: flex-start; font-size: .87rem; white-space: nowrap; } .dot { width: .55rem; height: .55rem; border-radius: 50%; background: var(--strong-line); flex: none; }
.live[data-state="live"] .dot { background: var(--good); box-shadow: 0 0 0 3px var(--good-ground); } .live[data-state="lost"] { border-color: var(--bad); color: var(--bad); background: var(--bad-ground); } .live[data-state="lost"] .dot { background: var(--bad); }
.theme-icon { width: 1rem; height: 1rem; border-radius: 50%; border: 2px solid currentColor; background: linear-gradient(90deg, currentColor 50%, transparent 50%); }
[data-theme="light"] .theme-icon { background: none; } [data-theme="dark"] .theme-icon { background: currentColor; }
.what-if { margin-bottom: .8rem; border: 1px dashed var(--strong-line); border-radius: 9px; } .what-if summary { padding: .5rem .8rem; cursor: pointer; font-size: .92rem; color: var(--accent); border-radius: 9px; }
.what-if form { padding: .2rem .9rem .9rem; display: grid; gap: .9rem; } .fields { display: grid; gap: .9rem 1.2rem; grid-template-columns: repeat(auto-fill, minmax(14.5rem, 1fr)); }
.what-if .field[data-changed="yes"] :is(input, select) { border-color: var(--open); background: var(--open-ground); } .what-if .hint[data-wrong="yes"] { color: var(--bad); }
.form-actions { display: flex; flex-wrap: wrap; gap: .6rem; }
.note-form { display: flex; flex-wrap: wrap; gap: .6rem .8rem; align-items: end; margin-bottom: 1rem; } .note-form .grow { flex: 1 1 18rem; } .note-form .hint { flex: 1 1 100%; min-height: 1.3em; } .note-form .hint:empty { min-height: 0; }
.notices { display: grid; gap: .6rem; } .notices:empty { display: none; }
.notice { display: flex; gap: .3rem .8rem; flex-wrap: wrap; align-items: baseline; padding: .7rem 1rem; border-radius: 10px; border: 1px solid currentColor; border-left-width: 5px; }
.notice strong { font-weight: 650; } .notice span { color: var(--ink); overflow-wrap: anywhere; } .notice[data-kind="bad"] { color: var(--bad); background: var(--bad-ground); } .notice[data-kind="warn"] { color: var(--open); background: var(--open-ground); } .notice[data-kind="info"] { color: var(--accent); background: var(--accent-ground); }
.tag { display: inline-block; padding: .05rem .5rem; border-radius: 99px; font-size: .78rem; font-weight: 650; white-space: nowrap; } .verdict-tag { white-space: normal; border-radius: 8px; background: var(--open); color: var(--card); }
.view select { max-width: 18rem; text-overflow: ellipsis; }
@media (max-width: 640px) { .segments span, .segments button { padding: .25rem .4rem; } .view select { max-width: 46vw; } .live { min-width: 0; } }
@media (prefers-reduced-motion: no-preference) { .live[data-state="live"] .dot { animation: breathe 3s ease-in-out infinite; } @keyframes breathe { 50% { opacity: .55; } } }
`;
