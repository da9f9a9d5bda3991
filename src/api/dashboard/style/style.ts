// The look of the dashboard, from its colours to its paper.

import { CHARTS_CSS } from "./charts.ts";
import { CONTROLS_CSS } from "./controls.ts";
import { LAYOUT_CSS } from "./layout.ts";
import { PRINT_CSS } from "./print.ts";
import { TABLES_CSS } from "./tables.ts";
import { TOKENS_CSS } from "./tokens.ts";
import { VERDICT_CSS } from "./verdict.ts";

export const STYLE = [TOKENS_CSS, LAYOUT_CSS, CONTROLS_CSS, VERDICT_CSS, CHARTS_CSS, TABLES_CSS, PRINT_CSS].join("\n");
