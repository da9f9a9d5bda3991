// The mark of pgsoak: a drop, and its reflection.

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f4fbf"/><path d="M16 4.5c3.6 4.4 5.6 7.2 5.6 9.6a5.6 5.6 0 0 1-11.2 0c0-2.4 2-5.2 5.6-9.6z" fill="#fff"/><path d="M9 22.5h14M11.5 26.5h9" stroke="#a9c4ff" stroke-width="2.4" stroke-linecap="round"/></svg>`;
