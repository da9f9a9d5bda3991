// What the two servers hold for secrets to pass through: the same tables, but for what the mirror refuses.

import type { SecretRequest } from "./secret-request.ts";

/** Tables `mirror_…` with a column that is text on the primary and this on the mirror. */
export const MIRROR_TYPES = [
  { name: "int", type: "int" },
  { name: "small", type: "smallint" },
  { name: "date", type: "timestamptz" },
  { name: "json", type: "jsonb" },
  { name: "uuid", type: "uuid" },
  { name: "short", type: "varchar(3)" },
  { name: "unique", type: "text PRIMARY KEY" },
  { name: "checked", type: "text CHECK (length(v) < 3)" },
  { name: "enum", type: "mood" },
  { name: "array", type: "int[]" },
  { name: "network", type: "inet" },
] as const;

/** Functions `mirror_…(v text)` that do this on the mirror and nothing on the primary. */
export const MIRROR_FUNCTIONS = [
  { name: "raise", body: "RAISE EXCEPTION 'no credit for %', v" },
  { name: "raise_syntax", body: "RAISE EXCEPTION 'near \"%\" it goes wrong', v USING ERRCODE = '42601'" },
  { name: "raise_detail", body: "RAISE EXCEPTION 'as you see' USING DETAIL = v, HINT = v" },
  { name: "dynamic", body: "EXECUTE 'SELECT 1 ' || quote_literal(v)" },
  { name: "dynamic_word", body: "EXECUTE 'SELECT 1 FROM ' || v || ' nonsense here'" },
  { name: "regular", body: "PERFORM 'x' ~ ('(' || v)" },
  { name: "zone", body: "PERFORM now() AT TIME ZONE v" },
  { name: "setting", body: "PERFORM set_config('work_mem', v, true)" },
  { name: "format", body: "PERFORM to_timestamp(v, 'YYYY')" },
  { name: "notice", body: "RAISE NOTICE 'see %', v; PERFORM 1/0" },
] as const;

/** Of a superuser's session on an empty database. Users `locked` and `plain` have the password. */
export function secretSchema(side: "primary" | "mirror", requests: readonly SecretRequest[], password: string): string {
  const named = requests.flatMap(({ kept }) => [...(kept ?? "").matchAll(/\b(?:from|into|update|copy) (path_\w+)/g)]);
  const tables = new Set(["path_driver", ...named.map(([, name]) => name)]);
  const quoted = `'${password.replaceAll("'", "''")}'`;
  return [
    "CREATE TYPE mood AS ENUM ('fine');",
    ...[...tables].map((name) => `CREATE TABLE ${name} (v text, n bigint);`),
    ...MIRROR_TYPES.map(({ name, type }) => `CREATE TABLE mirror_${name} (v ${side === "mirror" ? type : "text"});`),
    ...MIRROR_FUNCTIONS.map(({ name, body }) => {
      const work = side === "mirror" ? `${body};` : "";
      return `CREATE FUNCTION mirror_${name}(v text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN ${work} END $f$;`;
    }),
    ...["locked", "plain"].map((role) => `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD ${quoted};`),
  ].join("\n");
}
