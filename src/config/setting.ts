// The kinds of setting there are. A setting knows how its value is checked, what a mistake says was expected, what it
// is when nobody says, and how it is written in an environment variable.

import { parse } from "smol-toml";
import { z } from "zod";
import { parseScramVerifier } from "./scram-verifier.ts";
import { DURATION_EXPECTED, parseDuration } from "./duration.ts";
import { SIZE_EXPECTED, parseSize } from "./size.ts";

export interface Setting<T> {
  /** Checks a TOML value and converts it to the effective one. */
  readonly schema: z.ZodType<T>;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** The TOML value when it is absent; undefined: there is none, the effective value is null. */
  readonly fallback: unknown;
  readonly required: boolean;
  /** Its value is never printed. */
  readonly secret: boolean;
  /** Name of the `[general]` setting that stands in when it is absent. */
  readonly inherits: string | null;
  /** The TOML value that the text of an environment variable stands for. */
  readonly fromEnvironment: (value: string) => unknown;
}

/** The largest delay that a timer takes. */
const TIMEOUT_MAX_MS = 2_147_483_647;

const asText = (value: string): unknown => value;
const asNumber = (value: string): unknown => (/^-?[0-9]+(\.[0-9]+)?$/.test(value) ? Number(value) : value);
const asFlag = (value: string): unknown => (value === "true" ? true : value === "false" ? false : value);

function setting<T>(schema: z.ZodType<T>, expected: string, fallback: unknown, fromEnvironment = asText): Setting<T> {
  return { schema, expected, fallback, required: false, secret: false, inherits: null, fromEnvironment };
}

export function integer(min: number, max: number, fallback: number): Setting<number> {
  return setting(z.int().min(min).max(max), `an integer from ${min} to ${max}`, fallback, asNumber);
}

export function timeoutMs(min: number, fallback: number): Setting<number> {
  return integer(min, TIMEOUT_MAX_MS, fallback);
}

export function decimal(min: number, max: number, fallback: number): Setting<number> {
  return setting(z.number().min(min).max(max), `a number from ${min} to ${max}`, fallback, asNumber);
}

export function flag(fallback: boolean): Setting<boolean> {
  return setting(z.boolean(), "true or false", fallback, asFlag);
}

export function choice<const T extends string>(choices: readonly T[], fallback: T): Setting<T> {
  return setting(z.enum(choices), `one of ${choices.map((name) => `"${name}"`).join(", ")}`, fallback);
}

/** Text that is never empty; a NUL can't travel in the protocol and is no part of any path. */
// oxlint-disable-next-line no-control-regex -- the NUL is the point
const filledText = z.string().regex(/^[^\0]+$/);

export function text(expected: string, fallback: string): Setting<string> {
  return setting(filledText, expected, fallback);
}

export function pattern(regex: RegExp, expected: string, fallback: string): Setting<string> {
  return setting(z.string().regex(regex), expected, fallback);
}

export function optionalText(expected: string): Setting<string | null> {
  return setting<string | null>(filledText, expected, undefined);
}

export function secretText(expected: string): Setting<string | null> {
  return { ...setting<string | null>(filledText, expected, undefined), secret: true };
}

export function scramVerifier(): Setting<string | null> {
  const schema = z.string().refine((value) => parseScramVerifier(value) !== null);
  const expected = "a verifier as PostgreSQL stores it, SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey";
  return { ...setting<string | null>(schema, expected, undefined), secret: true };
}

export function textList(expected: string, fallback: readonly string[] = []): Setting<readonly string[]> {
  return setting<readonly string[]>(z.array(filledText), expected, fallback, listFromEnvironment);
}

/** Effective value: milliseconds. */
export function duration(fallback: string): Setting<number> {
  return setting(z.string().transform(orIssue(parseDuration)), DURATION_EXPECTED, fallback);
}

/** Effective value: bytes. */
export function size(minBytes: number, maxBytes: number, fallback: string): Setting<number> {
  const bytes = z.union([z.int(), z.string().transform(orIssue(parseSize))]).pipe(z.int().min(minBytes).max(maxBytes));
  return setting(bytes, `${SIZE_EXPECTED}, from ${minBytes} to ${maxBytes} bytes`, fallback, asNumber);
}

/** The same setting, which may also be `"off"`; its effective value is then null. */
export function orOff<T>(base: Setting<T>): Setting<T | null> {
  const off = z.literal("off").transform(() => null);
  return { ...base, schema: z.union([off, base.schema]), expected: `${base.expected}, or "off"` };
}

/** The same setting without a default: one must be given. */
export function required<T>(base: Setting<T>): Setting<T> {
  return { ...base, fallback: undefined, required: true };
}

/** The same setting, whose default is another one of `[general]`. */
export function inheriting<T>(base: Setting<T>, inherits: string): Setting<T | null> {
  return { ...base, fallback: undefined, inherits };
}

/** Turns a parser that answers null into a zod transformation. */
function orIssue(parser: (value: string) => number | null) {
  return (value: string, context: z.RefinementCtx): number => {
    const parsed = parser(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: "custom", message: "unreadable" });
    return z.NEVER;
  };
}

/** `a, b` or, where a comma belongs to a value, a TOML array: `["a,b", "c"]`. */
function listFromEnvironment(value: string): unknown {
  if (!value.trimStart().startsWith("[")) {
    return value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }
  try {
    return parse(`list = ${value}`)["list"];
  } catch {
    return value;
  }
}
