// node-postgres and postgres.js on every combination of legs with TLS and without.

import { Client } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { SECRET, TlsRig } from "./tls-rig.ts";

const LEGS = ["plaintext", "TLS"] as const;
type Leg = (typeof LEGS)[number];
const COMBINATIONS = LEGS.flatMap((client) =>
  LEGS.flatMap((primary) => LEGS.map((mirror) => ({ client, primary, mirror }))),
);

let rig: TlsRig;

beforeAll(async () => {
  rig = await TlsRig.start();
});

afterAll(() => rig[Symbol.asyncDispose]());

const login = { user: "scram", password: SECRET, database: "postgres" };

async function nodePostgres({ host, port }: InlineProxy, tls: Leg): Promise<unknown[]> {
  const ssl = tls === "TLS" ? { ca: rig.authority.certificate } : false;
  const client = new Client({ host, port, ...login, ssl });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT $1::int * 7 AS n", [6]);
    const failed: unknown = await client.query("SELECT 1/0").catch((error: unknown) => error);
    const all = await client.query("SELECT n FROM generate_series(1, 1000) AS n");
    return [rows, failed instanceof Error, all.rowCount];
  } finally {
    await client.end();
  }
}

async function postgresJs({ host, port }: InlineProxy, tls: Leg): Promise<unknown[]> {
  const ssl = tls === "TLS" ? { ca: rig.authority.certificate } : false;
  const sql = postgres({ host, port, ...login, ssl, max: 2 });
  try {
    const rows = await sql`SELECT ${6}::int * 7 AS n`;
    const failed: unknown = await sql`SELECT 1/0`.catch((error: unknown) => error);
    const all = await sql`SELECT n FROM generate_series(1, 1000) AS n`;
    return [[...rows], failed instanceof Error, all.length];
  } finally {
    await sql.end();
  }
}

describe.each(COMBINATIONS)("clients by $client, the primary by $primary, the mirror by $mirror", (legs) => {
  let proxy: InlineProxy;

  beforeAll(async () => {
    const mode = (leg: Leg): "disable" | "verify-full" => (leg === "TLS" ? "verify-full" : "disable");
    const client = legs.client === "TLS" ? { client: rig.certified.own, required: true } : {};
    proxy = await startInlineProxy(rig.tables({ primary: mode(legs.primary), mirror: mode(legs.mirror), ...client }));
  });

  afterAll(() => proxy[Symbol.asyncDispose]());

  test.each([
    { driver: "node-postgres", talk: nodePostgres },
    { driver: "postgres.js", talk: postgresJs },
  ])("$driver is served and mirrored", async ({ talk }) => {
    const before = (await proxy.eventsOf("mirrored")).length;
    expect(await talk(proxy, legs.client)).toEqual([[{ n: 42 }], true, 1000]);
    const outcomes = (await proxy.outcomes(before + 3)).slice(before);
    expect(outcomes.every(({ kind }) => kind === "mirrored")).toBe(true);
    expect(outcomes.map((outcome) => (outcome.kind === "mirrored" ? outcome.parity : ""))).toEqual(
      expect.arrayContaining(["match", "both_failed"]),
    );
  });
});
