// Compares a table of the log with the temporary one of the same name, row by row and column by column.

import type { Database } from "better-sqlite3";

/** Differences that are told; the others are counted. */
const DIFFERENCES_MAX = 20;

type Value = number | string | null;

/** One column of one row. A row that one side lacks is one difference, without a column. */
interface Difference {
  /** Primary key. */
  readonly row: Readonly<Record<string, Value>>;
  readonly column: string | null;
  readonly stored: Value;
  readonly replayed: Value;
}

export interface TableComparison {
  readonly projection: string;
  readonly table: string;
  /** Of the replayed table. */
  readonly rows: number;
  readonly rowsDifferent: number;
  /** At most DIFFERENCES_MAX. */
  readonly differences: readonly Difference[];
}

interface Column {
  readonly name: string;
  /** From 1; 0: not a part of the primary key. */
  readonly pk: number;
}

export function compareTable(db: Database, projection: string, table: string): TableComparison {
  const columns = db.prepare<[], Column>(`select name, pk from pragma_table_info('${table}', 'main')`).all();
  const keys = columns.filter(({ pk }) => pk > 0);
  if (keys.length === 0) throw new RangeError(`table ${table} has no primary key`);
  const differences: Difference[] = [];
  let rowsDifferent = 0;
  for (const row of db
    .prepare<[], unknown[]>(differingRows(table, columns, keys))
    .raw()
    .iterate()) {
    rowsDifferent++;
    if (differences.length >= DIFFERENCES_MAX) continue;
    differences.push(...differencesOf(columns, row.slice(0, columns.length), row.slice(columns.length)));
  }
  const rows = db.prepare<[], number>(`select count(*) from temp."${table}"`).pluck().get()!;
  return { projection, table, rows, rowsDifferent, differences: differences.slice(0, DIFFERENCES_MAX) };
}

/** All columns of the stored row, then all of the replayed one; those of a row that is missing are null. */
function differingRows(table: string, columns: readonly Column[], keys: readonly Column[]): string {
  const all = ["stored", "replayed"].flatMap((side) => columns.map(({ name }) => `${side}."${name}"`));
  const same = keys.map(({ name }) => `stored."${name}" = replayed."${name}"`).join(" and ");
  const differs = columns.map(({ name }) => `stored."${name}" is not replayed."${name}"`).join(" or ");
  return `select ${all.join(", ")} from main."${table}" stored full join temp."${table}" replayed on ${same} where ${differs}`;
}

function differencesOf(columns: readonly Column[], stored: unknown[], replayed: unknown[]): Difference[] {
  const isKey = (index: number): boolean => columns[index]!.pk > 0;
  const isMissing = (side: unknown[]): boolean => side.every((value, index) => !isKey(index) || value === null);
  const known = isMissing(stored) ? replayed : stored;
  const row = Object.fromEntries(
    columns.flatMap(({ name }, index) => (isKey(index) ? [[name, printed(known[index])]] : [])),
  );
  if (isMissing(stored)) return [{ row, column: null, stored: null, replayed: "a row" }];
  if (isMissing(replayed)) return [{ row, column: null, stored: "a row", replayed: null }];
  return columns.flatMap(({ name }, index): Difference[] => {
    const [before, after] = [printed(stored[index]), printed(replayed[index])];
    return before === after ? [] : [{ row, column: name, stored: before, replayed: after }];
  });
}

function printed(value: unknown): Value {
  if (Buffer.isBuffer(value)) return `x'${value.toString("hex")}'`;
  return typeof value === "number" || typeof value === "string" ? value : null;
}
