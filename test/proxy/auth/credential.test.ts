import { describe, expect, test } from "vitest";
import type { DatabaseConfig, UserConfig } from "../../../src/config/config.ts";
import { credentialFor, type Entrant } from "../../../src/proxy/auth/credential.ts";

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
