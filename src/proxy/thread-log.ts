// Log lines of a proxy thread go to the main thread: writing them here could block the hot path on a full pipe.

export type LogLevel = "debug" | "info" | "warn" | "error";

export type ThreadLog = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;
