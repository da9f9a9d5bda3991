// What both servers hold before the load begins: alike but for the faults.

import { Client } from "pg";
import { FAULTS } from "./faults.ts";

/** Rows that every owner has in `ledger`. */
export const SLOTS = 4;

const both = (owners: number): string => `
  CREATE TABLE ledger (owner int, slot int, balance int NOT NULL, note text, PRIMARY KEY (owner, slot));
  INSERT INTO ledger SELECT owner, slot, 100, 'start'
    FROM generate_series(1, ${owners}) AS owner, generate_series(1, ${SLOTS}) AS slot;
  CREATE TABLE journal (owner int, entry text);
  CREATE TABLE copied (owner int, line text);
  CREATE TABLE shared (id int PRIMARY KEY, n int);
  INSERT INTO shared VALUES (1, 0);
  CREATE SCHEMA aside;
  CREATE TABLE aside.shelf (id int);
  INSERT INTO aside.shelf SELECT generate_series(1, 3);
  CREATE FUNCTION aside.double(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
  CREATE PROCEDURE twice(n int) LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO journal VALUES (n, 'first'); COMMIT; INSERT INTO journal VALUES (n, 'second'); END $$;
  CREATE ROLE soak_role;
  GRANT ALL ON ALL TABLES IN SCHEMA public TO soak_role;
`;

type Target = { readonly host: string; readonly port: number };

export async function createSchema(primary: Target, mirror: Target, owners: number): Promise<void> {
  await Promise.all([
    run(primary, both(owners) + FAULTS.map((fault) => fault.primary).join("\n")),
    run(mirror, both(owners) + FAULTS.map((fault) => fault.mirror).join("\n")),
  ]);
}

/** What the tables hold that every session writes to, as one line. */
export async function fingerprint(target: Target): Promise<string> {
  const parts = [
    "SELECT 'ledger', count(*), sum(balance), md5(string_agg(owner || '/' || slot || '/' || balance || '/' || note, ',' ORDER BY owner, slot)) FROM ledger",
    "SELECT 'journal', count(*), sum(owner), md5(string_agg(owner || entry, ',' ORDER BY owner, entry)) FROM journal",
    "SELECT 'copied', count(*), sum(owner), md5(string_agg(owner || line, ',' ORDER BY owner, line)) FROM copied",
  ];
  const rows = await run(target, `${parts.join(" UNION ALL ")} ORDER BY 1`);
  return JSON.stringify(rows);
}

async function run({ host, port }: Target, sql: string): Promise<unknown[]> {
  const client = new Client({ host, port, user: "postgres", database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  try {
    const result = await client.query({ text: sql, rowMode: "array" });
    return result.rows ?? [];
  } finally {
    await client.end();
  }
}
