// The PromQL that monitoring/ holds, made fit to be asked of a Prometheus that has scraped for some seconds.

import { z } from "zod";

const panelSchema = z.object({
  id: z.int(),
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  datasource: z.object({ type: z.string(), uid: z.string() }).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }).optional(),
  targets: z
    .array(
      z.object({
        refId: z.string(),
        expr: z.string(),
        datasource: z.object({ uid: z.string() }),
        legendFormat: z.string(),
      }),
    )
    .optional(),
});

/** What is looked at of Grafana's dashboards, the classic model. */
export const dashboardSchema = z.object({
  uid: z.string(),
  title: z.string(),
  schemaVersion: z.int(),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        query: z.unknown(),
        definition: z.string().optional(),
      }),
    ),
  }),
  panels: z.array(panelSchema),
});

export type Panel = z.infer<typeof panelSchema>;

/** Grafana's variables as they are with everything chosen, and spans that fit a scrape a second. */
export function substituted(expression: string): string {
  const values: Readonly<Record<string, string>> = {
    __rate_interval: "10s",
    __range: "30s",
    instance: ".*",
    cluster: ".*",
    database: ".*",
  };
  return expression.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${expression}: nothing is known of $${name}`);
    return value;
  });
}

/**
 * The parts of an alert's expression that must have data while nothing is wrong: what stands between `and`, `or` and
 * `unless` outside parentheses, without the comparison. Of absent(x) that is x.
 */
export function operands(expression: string): string[] {
  const parts = splitOutside(expression.trim(), /^\s+(?:and|or|unless)(?:\s+on\s*\([^)]*\))?\s+/);
  return parts.flatMap((part) => {
    const bare = part.replace(/\s*(?:==|!=|[<>]=?)\s*[\d.]+\s*$/, "").trim();
    const inner = /^\(([^]*)\)$/.exec(bare)?.[1];
    if (inner !== undefined) return operands(inner);
    return [/^absent\(([^]*)\)$/.exec(bare)?.[1] ?? bare];
  });
}

/** Cuts `text` at what matches `separator`, but not inside parentheses, braces or quotes. */
function splitOutside(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') isQuoted = !isQuoted;
    if (isQuoted) continue;
    if ("({[".includes(character)) depth++;
    if (")}]".includes(character)) depth--;
    const match = depth === 0 ? separator.exec(text.slice(at)) : null;
    if (match === null) continue;
    parts.push(text.slice(begin, at));
    begin = at + match[0].length;
    at = begin - 1;
  }
  return [...parts, text.slice(begin)];
}
