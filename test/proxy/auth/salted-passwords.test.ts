import { pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { SaltedPasswords } from "../../../src/proxy/auth/salted-passwords.ts";

const SALT = Buffer.from("salt");

const memory = (max: number): SaltedPasswords => new SaltedPasswords({ max, runningMax: 10, waitingMax: 0 });

test("as many salted passwords are remembered as may be, and the same question is computed once", async () => {
  const salted = memory(2);
  const [one, again] = [salted.get("a", SALT, 1), salted.get("a", SALT, 1)];
  expect(again).toBe(one);
  expect(await one).toEqual(pbkdf2Sync("a", SALT, 1, 32, "sha256"));
  void salted.get("b", SALT, 1);
  void salted.get("c", SALT, 1);
  expect(salted.size).toBe(2);
  expect(salted.get("a", SALT, 1)).not.toBe(one);
});

test("passwords, salts and iterations are told apart", async () => {
  const salted = memory(10);
  const values = await Promise.all([
    salted.get("a", Buffer.from("s"), 1),
    salted.get("a", Buffer.from("t"), 1),
    salted.get("a", Buffer.from("s"), 2),
    salted.get("b", Buffer.from("s"), 1),
  ]);
  expect(new Set(values.map((value) => value?.toString("hex"))).size).toBe(4);
});

test("one is computed at a time, some wait in their order, and the rest are told that it is busy", async () => {
  const salted = new SaltedPasswords({ max: 10, runningMax: 1, waitingMax: 2 });
  const order: string[] = [];
  const ask = async (password: string, iterations: number): Promise<unknown> => {
    const value = await salted.get(password, SALT, iterations);
    order.push(password);
    return value;
  };
  // The first takes the longest: computed side by side it would be the last.
  const asked = [ask("a", 50_000), ask("b", 1), ask("c", 1), ask("d", 1)];
  expect(await asked[3]).toBe("busy");
  const found = await Promise.all(asked.slice(0, 3));
  expect(order).toEqual(["d", "a", "b", "c"]);
  expect(found[1]).toEqual(pbkdf2Sync("b", SALT, 1, 32, "sha256"));
  // What was refused is not remembered, and turns are given back.
  expect(await salted.get("d", SALT, 1)).toEqual(pbkdf2Sync("d", SALT, 1, 32, "sha256"));
});
