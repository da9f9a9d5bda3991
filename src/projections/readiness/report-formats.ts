// Every form that a readiness report is printed in.

import { readinessHtml } from "./readiness-html.ts";
import { readinessJunit } from "./readiness-junit.ts";
import { readinessMarkdown } from "./readiness-markdown.ts";
import type { Readiness } from "./readiness-schema.ts";
import { readinessText } from "./readiness-text.ts";

export const REPORT_FORMATS = {
  text: readinessText,
  json: (answer) => `${JSON.stringify(answer, null, 2)}\n`,
  markdown: readinessMarkdown,
  html: readinessHtml,
  junit: readinessJunit,
} as const satisfies Record<string, (answer: Readiness) => string>;
