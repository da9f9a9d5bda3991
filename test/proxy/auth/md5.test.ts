import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { md5Response } from "../../../src/proxy/auth/md5.ts";

const md5 = (data: Buffer): string => createHash("md5").update(data).digest("hex");

test("the response is the md5 of PostgreSQL's stored password and the salt", () => {
  const salt = Buffer.from([1, 2, 0xff, 0]);
  const stored = md5(Buffer.from("secretann")); // what pg_authid holds behind "md5"
  expect(md5Response("ann", "secret", salt)).toBe(`md5${md5(Buffer.concat([Buffer.from(stored), salt]))}`);
});

test("the user's name counts by its bytes on the wire", () => {
  const salt = Buffer.alloc(4);
  const stored = md5(Buffer.concat([Buffer.from("sécret"), Buffer.from([0xe9])]));
  expect(md5Response("\xe9", "sécret", salt)).toBe(`md5${md5(Buffer.concat([Buffer.from(stored), salt]))}`);
});
