// A table like another one, from the text that SQLite keeps of it: so that tables which later versions add or change need
// no second definition.

import type { Database } from "better-sqlite3";

const NAME = String.raw`("(?:[^"]|"")+"|\w+)`;
const CREATE_TABLE = new RegExp(String.raw`^create table ${NAME}`, "i");
const CREATE_INDEX = new RegExp(String.raw`^create( unique)? index ${NAME} on ${NAME}`, "i");

export interface CloneTarget {
  readonly schema: "main" | "temp";
  /** Goes before the names of the table and of its indexes. */
  readonly prefix: string;
}

/** Creates an empty table with the columns, keys and indexes of `table`. */
export function cloneTable(db: Database, table: string, { schema, prefix }: CloneTarget): void {
  const quoted = (name: string): string => `"${prefix}${name.replace(/^"|"$/g, "")}"`;
  db.exec(tableSql(db, table).replace(CREATE_TABLE, (_, name: string) => `create table ${schema}.${quoted(name)}`));
  const indexes = db.prepare<[string], string>(
    "select sql from main.sqlite_schema where type = 'index' and tbl_name = ? and sql is not null",
  );
  for (const sql of indexes.pluck().all(table)) {
    db.exec(
      sql.replace(
        CREATE_INDEX,
        (_, unique: string | undefined, name: string, on: string) =>
          `create${unique ?? ""} index ${schema}.${quoted(name)} on ${quoted(on)}`,
      ),
    );
  }
}

/** Whether both tables are there and have the same columns and keys. */
export function isSameTable(db: Database, a: string, b: string): boolean {
  const [first, second] = [definitionOf(db, a), definitionOf(db, b)];
  return first !== undefined && first === second;
}

function definitionOf(db: Database, table: string): string | undefined {
  return findSql(db, table)?.replace(CREATE_TABLE, "").trim();
}

function tableSql(db: Database, table: string): string {
  const sql = findSql(db, table);
  if (sql === undefined) throw new RangeError(`the log has no table ${table}`);
  return sql;
}

function findSql(db: Database, table: string): string | undefined {
  const select = db.prepare<[string], string>("select sql from main.sqlite_schema where type = 'table' and name = ?");
  return select.pluck().get(table);
}
