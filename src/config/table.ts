// A TOML table as the parser gives it, before anything is known about it.

export type Table = Record<string, unknown>;

/** Dates are objects too, but no tables. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
