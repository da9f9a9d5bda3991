import { describe, expect, test } from "vitest";
import type { DatabaseConfig, UserConfig } from "../../../src/config/config.ts";
import { credentialFor, type Entrant, mirrorCredentialFor } from "../../../src/proxy/auth/credential.ts";

const SERVER: DatabaseConfig = {
  name: "candidate",
  host: "db2",
  port: 5432,
  databaseName: null,
  user: null,
  password: null,
  tls: "disable",
  tlsCa: null,
};
const KEY = Buffer.alloc(32);
const ENTRANT: Entrant = {
  user: "app",
  keys: { clientKey: KEY, serverKey: KEY, salt: KEY, iterations: 4096 },
};

const entry = (name: string, password: string | null, ...databases: string[]): UserConfig => {
  return { name, password, scramVerifier: null, databases };
};

/** The password, "keys", or null. */
function found(users: readonly UserConfig[], more: { server?: Partial<DatabaseConfig>; entrant?: Entrant } = {}) {
  const server = { ...SERVER, ...more.server };
  const user = server.user ?? "app";
  const credential = credentialFor({ server, user, database: "shop", users, entrant: more.entrant ?? null });
  return credential?.type === "password" ? credential.password : (credential?.type ?? null);
}

describe("what a server is entered with", () => {
  const all = entry("app", "for all");
  const asked = entry("app", "for shop", "shop");
  const named = entry("app", "for candidate", "candidate");

  test("is the database entry's own password, whatever users there are", () => {
    expect(found([all, named], { server: { password: "own" }, entrant: ENTRANT })).toBe("own");
  });

  test("else the password of the user's entry: for this server, then for the database, then for all, in any order", () => {
    expect(found([all, asked, named])).toBe("for candidate");
    expect(found([named, asked, all])).toBe("for candidate");
    expect(found([all, asked])).toBe("for shop");
    expect(found([all])).toBe("for all");
  });

  test("else what the client has proved, where it is the client that logs in", () => {
    expect(found([entry("app", null)], { entrant: ENTRANT })).toBe("keys");
    expect(found([], { entrant: ENTRANT, server: { user: "owner" } })).toBeNull();
  });

  test("is nothing that belongs to another user or another database", () => {
    expect(found([entry("ann", "hers"), entry("app", "elsewhere", "bank")])).toBeNull();
    expect(found([all, entry("owner", "the owner's")], { server: { user: "owner" } })).toBe("the owner's");
  });
});

describe("what a mirror is told of a password that clients and the primary have too", () => {
  const CA = { path: "/ca.pem", pem: "" };
  const isScramOnly = (server: Partial<DatabaseConfig>): boolean => {
    const users = [entry("app", "shared")];
    const question = { server: { ...SERVER, ...server }, user: "app", database: "shop", users, entrant: null };
    const credential = mirrorCredentialFor(question);
    return credential?.type === "password" && credential.scramOnly === true;
  };

  test.each<[string, Partial<DatabaseConfig>]>([
    ["in plaintext", {}],
    ["where TLS is asked for", { tls: "prefer" }],
    ["where the certificate is not looked at", { tls: "require" }],
  ])("is nothing but a SCRAM proof %s", (_where, server) => {
    expect(isScramOnly(server)).toBe(true);
  });

  test.each<[string, Partial<DatabaseConfig>]>([
    ["its certificate was looked at", { tls: "verify-full" }],
    ["its authority was looked at", { tls: "verify-ca", tlsCa: CA }],
    ["its authority is given", { tls: "require", tlsCa: CA }],
    ["it is on this machine", { host: "127.0.0.1" }],
    ["it is behind a Unix socket", { host: "/run/postgresql" }],
    ["the password is its own", { password: "own" }],
  ])("is whatever it asks for where %s", (_where, server) => {
    expect(isScramOnly(server)).toBe(false);
  });
});
