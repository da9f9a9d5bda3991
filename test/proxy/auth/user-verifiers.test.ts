import { expect, test } from "vitest";
import type { UserConfig } from "../../../src/config/config.ts";
import { UserVerifiers } from "../../../src/proxy/auth/user-verifiers.ts";
import { createScramVerifier } from "../../../src/proxy/protocol/scram-verifier.ts";

const SECRET = new Uint8Array(32).fill(1);

const user = (name: string, password: string | null, scramVerifier: string | null = null): UserConfig => {
  return { name, password, scramVerifier, databases: [] };
};

function verifiers(...users: UserConfig[]): UserVerifiers {
  const made = new UserVerifiers(SECRET);
  made.set(users);
  return made;
}

const base64 = (bytes: Buffer): string => bytes.toString("base64");

async function stored(password: string, iterations = 4096): Promise<string> {
  const { salt, storedKey, serverKey } = await createScramVerifier(password);
  return `SCRAM-SHA-256$${iterations}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`;
}

test("every thread shows everybody the same salt for the same name, user or stranger", async () => {
  for (const name of ["app", "stranger"]) {
    const [one, other] = [verifiers(user("app", "x")), verifiers(user("app", "x"))];
    const [a, b] = [await one.find(name, "shop"), await other.find(name, "shop")];
    expect(a.verifier).toEqual(b.verifier);
    expect(a.entry === null).toBe(name === "stranger");
  }
  const elsewhere = new UserVerifiers(new Uint8Array(32).fill(2));
  elsewhere.set([user("app", "x")]);
  const here = await verifiers(user("app", "x")).find("app", "shop");
  expect((await elsewhere.find("app", "shop")).verifier.salt).not.toEqual(here.verifier.salt);
});

test("a name that comes into the list keeps the salt that it was shown as a stranger", async () => {
  const before = await verifiers().find("app", "shop");
  const after = await verifiers(user("app", "x")).find("app", "shop");
  expect(after.verifier.salt).toEqual(before.verifier.salt);
  expect(after.verifier.storedKey).not.toEqual(before.verifier.storedKey);
});

test("strangers are shown as many iterations as most users have", async () => {
  const many = await stored("x", 9000);
  const made = verifiers(user("a", null, many), user("b", null, many), user("c", "plain"));
  expect((await made.find("stranger", "shop")).verifier.iterations).toBe(9000);
  expect((await made.find("c", "shop")).verifier.iterations).toBe(4096);
});

test("an entry with nothing to check against lets nobody in: no empty password is its password", async () => {
  const made = verifiers(user("bare", null));
  const found = await made.find("bare", "shop");
  expect(found.entry).toBeNull();
  const { storedKey } = await createScramVerifier("", found.verifier.salt);
  expect(found.verifier.storedKey).not.toEqual(storedKey);
});

test("a stored verifier is taken as it is, and a changed password counts from the next login on", async () => {
  const text = await stored("x");
  const made = verifiers(user("a", null, text), user("b", "before"));
  expect(text).toContain(base64((await made.find("a", "shop")).verifier.storedKey));
  const before = await made.find("b", "shop");
  made.set([user("b", "after")]);
  const after = await made.find("b", "shop");
  expect(after.verifier.storedKey).not.toEqual(before.verifier.storedKey);
  expect((await made.find("a", "shop")).entry).toBeNull();
});

test("a login is good only as long as its entry has the same secret and the same databases", async () => {
  const entry = user("app", "secret");
  const made = verifiers(entry);
  const standing = (...users: UserConfig[]): UserConfig | null => {
    made.set(users);
    return made.standing(entry, "app", "shop");
  };
  expect(standing({ ...entry })).toEqual(entry);
  expect(standing({ ...entry, databases: ["other"] })).toBeNull();
  expect(standing(user("app", "another"))).toBeNull();
  expect(standing(user("app", null))).toBeNull();
  expect(standing({ ...entry, databases: ["shop"] }, entry)).toBeNull();
  expect(standing()).toBeNull();
});
