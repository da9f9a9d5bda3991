import { createHmac, pbkdf2Sync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { SaltedPasswords } from "../../../src/proxy/auth/salted-passwords.ts";
import { SCRAM_ITERATIONS_MAX, ScramClient, scramProof } from "../../../src/proxy/auth/scram-client.ts";
import type { Credential, ScramKeys } from "../../../src/proxy/auth/credential.ts";
import { saslPrep } from "../../../src/proxy/protocol/saslprep.ts";

const NONCE = "rOprNGfwEbeRWgbNEkqO";
const SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
const SALTED = new SaltedPasswords({ max: 10, runningMax: 10, waitingMax: 0 });

const byPassword = (text: string): Credential => ({ type: "password", password: text });

const failureOf = async (serverFirst: string): Promise<string> => {
  const answer = await new ScramClient(byPassword("pencil"), SALTED, NONCE).answer(Buffer.from(serverFirst));
  return "failed" in answer ? answer.failed : "";
};

describe("SCRAM-SHA-256", () => {
  test("proof and signature are those of RFC 7677", () => {
    const salted = pbkdf2Sync("pencil", Buffer.from(SALT, "base64"), 4096, 32, "sha256");
    const nonce = `${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
    const key = (name: string): Buffer => createHmac("sha256", salted).update(name).digest();
    const { proof, serverSignature } = scramProof(
      { clientKey: key("Client Key"), serverKey: key("Server Key") },
      `n=user,r=${NONCE},r=${nonce},s=${SALT},i=4096,c=biws,r=${nonce}`,
    );
    expect(proof.toString("base64")).toBe("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    expect(serverSignature.toString("base64")).toBe("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  });

  test("the first message names no user and no channel binding, with a new nonce each time", () => {
    expect(new ScramClient(byPassword("x"), SALTED, NONCE).first().toString()).toBe(`n,,n=,r=${NONCE}`);
    const nonces = new Set(
      Array.from({ length: 10 }, () => new ScramClient(byPassword("x"), SALTED).first().toString()),
    );
    expect(nonces.size).toBe(10);
  });

  test.each([
    ["garbage", "hello"],
    ["nothing", ""],
    ["another nonce", `r=abc,s=${SALT},i=4096`],
    ["our nonce without a part of the server's", `r=${NONCE},s=${SALT},i=4096`],
    ["a nonce beyond all measure", `r=${NONCE}${"x".repeat(2000)},s=${SALT},i=4096`],
    ["a message beyond all measure", `r=${NONCE}x,s=${SALT},i=4096,${"x".repeat(5000)}`],
    ["a mandatory extension", `m=x,r=${NONCE}x,s=${SALT},i=4096`],
    ["a salt that is no base64", `r=${NONCE}x,s=W22Z!,i=4096`],
    ["no iterations", `r=${NONCE}x,s=${SALT}`],
    ["zero iterations", `r=${NONCE}x,s=${SALT},i=0`],
    ["negative iterations", `r=${NONCE}x,s=${SALT},i=-1`],
    ["a little too many iterations", `r=${NONCE}x,s=${SALT},i=${SCRAM_ITERATIONS_MAX + 1}`],
    ["iterations for a century", `r=${NONCE}x,s=${SALT},i=9999999999`],
    ["an error", "e=unknown-user"],
  ])("a server that sends %s fails the exchange", async (_name, serverFirst) => {
    expect(await failureOf(serverFirst)).not.toBe("");
  });

  test.each([
    ["no signature", ""],
    ["a wrong one", `v=${Buffer.alloc(32).toString("base64")}`],
    ["a short one", "v=AAAA"],
    ["an error", "e=invalid-proof"],
  ])("a server whose last word is %s has proved nothing", async (_name, serverFinal) => {
    const client = new ScramClient(byPassword("pencil"), SALTED, NONCE);
    await client.answer(Buffer.from(`r=${NONCE}x,s=${SALT},i=4096`));
    expect(client.verify(Buffer.from(serverFinal))).toHaveProperty("failed");
  });

  test("a last word before there was a challenge proves nothing", () => {
    expect(new ScramClient(byPassword("x"), SALTED).verify(Buffer.from("v=AAAA"))).toHaveProperty("failed");
  });

  test("of what a refusing server says only the RFC's own words are repeated", async () => {
    const client = new ScramClient(byPassword("pencil"), SALTED, NONCE);
    expect(client.verify(Buffer.from("e=invalid-proof"))?.failed).toContain("invalid-proof");
    expect(client.verify(Buffer.from("e=<script>evil</script>"))?.failed).not.toContain("evil");
  });
});

describe("SCRAM-SHA-256 with what a client has shown of its password", () => {
  const challenge = `r=${NONCE}x,s=${SALT},i=4096`;
  const salt = Buffer.from(SALT, "base64");
  const keysOf = (keys: Partial<ScramKeys>): Credential => {
    const salted = pbkdf2Sync("pencil", salt, 4096, 32, "sha256");
    const key = (name: string): Buffer => createHmac("sha256", salted).update(name).digest();
    const own = { clientKey: key("Client Key"), serverKey: key("Server Key"), salt, iterations: 4096 };
    return { type: "keys", keys: { ...own, ...keys } };
  };

  test("proves the same as the password itself to a server that keeps the same verifier", async () => {
    const expected = await new ScramClient(byPassword("pencil"), SALTED, NONCE).answer(Buffer.from(challenge));
    expect(await new ScramClient(keysOf({}), SALTED, NONCE).answer(Buffer.from(challenge))).toEqual(expected);
  });

  test.each([
    ["salt", { salt: Buffer.from("another") }],
    ["number of iterations", { iterations: 4097 }],
  ])("is not sent to a server that keeps another %s", async (_name, other) => {
    const answer = await new ScramClient(keysOf(other), SALTED, NONCE).answer(Buffer.from(challenge));
    expect(answer).toMatchObject({ failed: expect.stringContaining("another salt or number of iterations") });
  });
});

describe("saslPrep", () => {
  test.each([
    ["ASCII stays, controls included", "a\u0001 b", "a\u0001 b"],
    ["other spaces are spaces", "a\u00a0b\u3000c", "a b c"],
    ["soft hyphens and their like vanish", "p\u00adq\ufe0f", "pq"],
    ["compatibility forms are unified", "Ⅸ\ufb01", "IXfi"],
    ["what is composed of parts is one", "u\u0308", "ü"],
    ["what is not allowed goes unprepared", "Ⅸ\u0085", "Ⅸ\u0085"],
    ["what would vanish goes unprepared", "\u00ad", "\u00ad"],
  ])("%s", (_name, password, prepared) => {
    expect(saslPrep(password)).toBe(prepared);
  });
});
