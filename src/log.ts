// The process's own log: one JSON object a line. It speaks to operators about pgsoak; what clients did is in the events.

import { pino, type DestinationStream, type Logger } from "pino";
import { PgsoakError } from "./errors.ts";
import { createLogOutput } from "./log-output.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line carries these fields. */
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

const LEVEL_VARIABLE = "PGSOAK_LOG_LEVEL";
const SECRET_KEY = /(password|token|secret|verifier)$/i;
const MASK = "********";
/** Deeper fields than this are no use in a log line. */
const FIELD_DEPTH_MAX = 8;

export function createLog({ level, destination }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Only the main thread logs, and it carries no traffic.
  return wrap(pino(options, destination ?? createLogOutput()));
}

/** The level that the environment asks for, `info` when it doesn't. */
export function logLevelOf(env: NodeJS.ProcessEnv): LogLevel {
  const asked = env[LEVEL_VARIABLE] ?? "info";
  const level = LOG_LEVELS.find((name) => name === asked);
  if (level !== undefined) return level;
  const levels = LOG_LEVELS.map((name) => `"${name}"`).join(", ");
  throw new PgsoakError("config_invalid", `${LEVEL_VARIABLE}: expected one of ${levels}, got ${JSON.stringify(asked)}`);
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(redacted(fields), message),
    info: (message, fields) => logger.info(redacted(fields), message),
    warn: (message, fields) => logger.warn(redacted(fields), message),
    error: (message, fields) => logger.error(redacted(fields), message),
    child: (fields) => wrap(logger.child(redacted(fields))),
  };
}

const redacted = (fields: LogFields = {}): Record<string, unknown> => redactedEntries(fields, 1);

function redactedEntries(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      SECRET_KEY.test(key) && value !== null && value !== undefined ? MASK : redactedValue(value, depth + 1),
    ]),
  );
}

function redactedValue(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (depth > FIELD_DEPTH_MAX) return "…";
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Error) {
    const cause = value.cause === undefined ? {} : { cause: redactedValue(value.cause, depth + 1) };
    return { ...redactedEntries(value, depth), name: value.name, message: value.message, stack: value.stack, ...cause };
  }
  if (Array.isArray(value)) return value.map((item) => redactedValue(item, depth + 1));
  return redactedEntries(value, depth);
}
