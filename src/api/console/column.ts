// The columns of the console's answers and how their values travel: as text, or in binary where a client asks for it.

import type { FieldDescription } from "../../proxy/protocol/encode-server.ts";

type ColumnType = "text" | "int8" | "float8";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Null is SQL's NULL. */
export type Cell = string | number | null;

export type Row = readonly Cell[];

/** Of pg_type. */
const TYPES: Readonly<Record<ColumnType, { readonly typeOid: number; readonly typeSize: number }>> = {
  text: { typeOid: 25, typeSize: -1 },
  int8: { typeOid: 20, typeSize: 8 },
  float8: { typeOid: 701, typeSize: 8 },
};

export const text = (name: string): Column => ({ name, type: "text" });
export const int8 = (name: string): Column => ({ name, type: "int8" });
export const float8 = (name: string): Column => ({ name, type: "float8" });

export function describeColumns(columns: readonly Column[], formats: readonly number[]): FieldDescription[] {
  return columns.map(({ name, type }, index) => ({ name, ...TYPES[type], format: formatOf(formats, index) }));
}

/** The cells of a row as a DataRow carries them. */
export function encodeCells(columns: readonly Column[], row: Row, formats: readonly number[]): (Buffer | null)[] {
  return columns.map(({ type }, index) => {
    const cell = row[index] ?? null;
    if (cell === null) return null;
    if (formatOf(formats, index) === 0 || type === "text") return Buffer.from(textOf(cell));
    const bytes = Buffer.allocUnsafe(8);
    if (type === "float8") bytes.writeDoubleBE(Number(cell));
    else bytes.writeBigInt64BE(BigInt(cell));
    return bytes;
  });
}

/** People read it: what is finer than a microsecond, or a tenth of a percent, says nothing. */
function textOf(cell: string | number): string {
  return typeof cell === "number" && !Number.isInteger(cell) ? String(Number(cell.toFixed(3))) : String(cell);
}

/** None: all text; one: it holds for every column. */
function formatOf(formats: readonly number[], index: number): 0 | 1 {
  return (formats.length === 1 ? formats[0] : formats[index]) === 1 ? 1 : 0;
}
