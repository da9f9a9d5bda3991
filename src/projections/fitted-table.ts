// A table that fits a terminal: what matters least is left out first, and one column of long text takes what room is left.

import { textTable, type TextColumn } from "./text-table.ts";

const GAP = 2;
/** Shorter than this a text says nothing. */
const TEXT_MIN = 20;

export interface FittedColumn<Row> extends TextColumn<Row> {
  /** Columns of the highest rank are left out first, those of 0 never. */
  readonly rank: number;
  /** Its cells are cut. */
  readonly isElastic?: boolean;
}

/** `width` in characters; undefined: as wide as it gets. */
export function fittedTable<Row>(
  columns: readonly FittedColumn<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): string {
  if (width === undefined) return textTable(columns, rows);
  const natural = new Map(columns.map((column) => [column, widthOf(column, rows)]));
  const least = (column: FittedColumn<Row>): number => {
    const all = natural.get(column)!;
    return column.isElastic === true ? Math.min(all, TEXT_MIN) : all;
  };
  let shown = columns;
  while (spaceOf(shown, least) > width && shown.some(({ rank }) => rank > 0)) {
    const highest = Math.max(...shown.map(({ rank }) => rank));
    shown = shown.toSpliced(
      shown.findLastIndex(({ rank }) => rank === highest),
      1,
    );
  }
  const left = width - spaceOf(shown, (column) => (column.isElastic === true ? 0 : least(column)));
  return textTable(
    shown.map((column) => (column.isElastic === true ? cut(column, Math.max(TEXT_MIN, left)) : column)),
    rows,
  );
}

function widthOf<Row>({ title, cell }: TextColumn<Row>, rows: readonly Row[]): number {
  return rows.reduce((widest, row) => Math.max(widest, cell(row).length), title.length);
}

function spaceOf<Row>(columns: readonly Row[], width: (column: Row) => number): number {
  return columns.reduce((sum, column) => sum + width(column) + GAP, -GAP);
}

function cut<Row>(column: FittedColumn<Row>, length: number): FittedColumn<Row> {
  const shorten = (text: string): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
  return { ...column, cell: (row) => shorten(column.cell(row)) };
}
