// The columns of a table whose rows are texts.

import type { TextColumn } from "../../src/projections/text-table.ts";

/** The last one holds numbers. */
export const columns = (...titles: readonly string[]): TextColumn<readonly string[]>[] =>
  titles.map((title, index) => ({
    title,
    align: index === titles.length - 1 ? "right" : "left",
    cell: (row) => row[index] ?? "",
  }));
