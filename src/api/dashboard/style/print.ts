// On paper: dark ink, no controls, everything that was open on the screen.

export const PRINT_CSS = `
@page { margin: 12mm; }
@media print { html { font-size: 9.5pt; } body { background: #fff; } .top .view, .tools, .skip, .what-if:not([open]), .note-form, .segments, .as-table:not([open]), .links, .custom, dialog:not([open]) { display: none !important; }
  .top { position: static; border: 0; padding: 0; } main { padding: 0; gap: 10px; max-width: none; } .card, .figures li { box-shadow: none; break-inside: avoid; } .criterion, tr, .timeline li { break-inside: avoid; } .charts { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .wide, .as-table .wide { overflow: visible; max-height: none; } .tooltip { display: none; } }
`;
