// The columns that stand for the values of an enumeration (columns.ts), as an object by those values.

/** What the row has in the column of each name. */
export function pickColumns<Name extends string, Column extends string>(
  row: Readonly<Record<Column, number | null>>,
  columns: Readonly<Record<Name, Column>>,
): Record<Name, number>;
export function pickColumns(
  row: Readonly<Record<string, number | null>>,
  columns: Readonly<Record<string, string>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, row[column] ?? 0]));
}
