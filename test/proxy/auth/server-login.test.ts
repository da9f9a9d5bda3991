import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { md5Response } from "../../../src/proxy/auth/md5.ts";
import { type LoginStep, ServerLogin } from "../../../src/proxy/auth/server-login.ts";
import type { Credential } from "../../../src/proxy/auth/credential.ts";
import type { AuthenticationMessage } from "../../../src/proxy/protocol/backend.ts";
import { password as passwordMessage } from "../../helpers/messages.ts";

const PASSWORD = "correct horse";
const SALT = Buffer.from("0123456789abcdef");
const ITERATIONS = 4096;

const login = (password: string | null = PASSWORD): ServerLogin =>
  loginWith(password === null ? null : { type: "password", password });

const loginWith = (credential: Credential | null): ServerLogin =>
  new ServerLogin({ server: "mirror", user: "ann", credential, database: "candidate" });

const sent = (step: LoginStep): string => ("send" in step ? (step.send ?? Buffer.alloc(0)).toString("latin1") : "");
const failed = (step: LoginStep): string => ("failed" in step ? step.failed : "");

const hmac = (key: Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** A server's half of SCRAM-SHA-256 by RFC 5802, which knows one password. */
class ScramServer {
  readonly #salted = pbkdf2Sync(PASSWORD, SALT, ITERATIONS, 32, "sha256");
  #clientFirstBare = "";
  #first = "";
  accepted = false;

  challenge(initialResponse: string): AuthenticationMessage {
    this.#clientFirstBare = initialResponse.slice(initialResponse.indexOf("n,,") + 3);
    this.#first = `${this.#clientFirstBare.slice(3)}server,s=${SALT.toString("base64")},i=${ITERATIONS}`;
    return { type: "sasl_continue", data: Buffer.from(this.#first) };
  }

  final(response: string): AuthenticationMessage {
    const clientFinal = response.slice(5);
    const [withoutProof = "", proof = ""] = clientFinal.split(",p=");
    const message = `${this.#clientFirstBare},${this.#first},${withoutProof}`;
    const clientKey = hmac(this.#salted, "Client Key");
    const signature = hmac(createHash("sha256").update(clientKey).digest(), message);
    const given = Buffer.from(proof, "base64");
    this.accepted = given.equals(Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!)));
    const serverSignature = hmac(hmac(this.#salted, "Server Key"), message).toString("base64");
    return { type: "sasl_final", data: Buffer.from(`v=${serverSignature}`) };
  }
}

const SASL: AuthenticationMessage = { type: "sasl", mechanisms: ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"] };

describe("ServerLogin", () => {
  test("a mirror that trusts is entered without a password", async () => {
    expect(await login(null).receive({ type: "ok" })).toEqual({ done: true });
  });

  test("a plain password is sent when it is asked for", async () => {
    const entering = login();
    expect(sent(await entering.receive({ type: "cleartext" }))).toBe(passwordMessage(PASSWORD).toString("latin1"));
    expect(await entering.receive({ type: "ok" })).toEqual({ done: true });
  });

  test("an MD5 password is hashed with user and salt", async () => {
    const salt = Buffer.from([1, 2, 3, 4]);
    const step = await login().receive({ type: "md5", salt });
    expect(sent(step)).toBe(passwordMessage(md5Response("ann", PASSWORD, salt)).toString("latin1"));
  });

  test("SCRAM convinces a server that knows the password, without channel binding", async () => {
    const server = new ScramServer();
    const entering = login();
    const first = sent(await entering.receive(SASL));
    expect(first).toContain("SCRAM-SHA-256\0");
    const final = sent(await entering.receive(server.challenge(first)));
    expect(final).toContain("c=biws,");
    expect(await entering.receive(server.final(final))).toEqual({ send: null });
    expect(server.accepted).toBe(true);
    expect(await entering.receive({ type: "ok" })).toEqual({ done: true });
  });

  test("a server that can't sign its answer is left, even if it says ok", async () => {
    const server = new ScramServer();
    const entering = login("another password");
    const final = sent(await entering.receive(server.challenge(sent(await entering.receive(SASL)))));
    const step = await entering.receive(server.final(final));
    expect(server.accepted).toBe(false);
    expect(failed(step)).toContain("could not prove");
    expect(failed(await entering.receive({ type: "ok" }))).not.toBe("");
  });

  test("a server may not cut the SCRAM exchange short with an ok", async () => {
    const entering = login();
    await entering.receive(SASL);
    expect(failed(await entering.receive({ type: "ok" }))).toContain("out of order");
  });

  test("a second challenge while the first is worked on fails both", async () => {
    const server = new ScramServer();
    const entering = login();
    const challenge = server.challenge(sent(await entering.receive(SASL)));
    const steps = await Promise.all([entering.receive(challenge), entering.receive(challenge)]);
    expect(steps.map(failed)).not.toContain("");
  });

  test("a missing password is said with the entry that lacks it", async () => {
    const asking: AuthenticationMessage[] = [{ type: "cleartext" }, { type: "md5", salt: Buffer.alloc(4) }, SASL];
    for (const message of asking) {
      const reason = failed(await login(null).receive(message));
      expect(reason).toContain('neither [[databases]] "candidate" nor a [[users]] entry has one');
      expect(reason).toContain('user "ann"');
    }
  });

  test("what a client has shown of its password is no password to send, hashed or not", async () => {
    const key = Buffer.alloc(32);
    const keys = { clientKey: key, serverKey: key, salt: SALT, iterations: ITERATIONS };
    for (const message of [{ type: "cleartext" }, { type: "md5", salt: Buffer.alloc(4) }] as const) {
      const reason = failed(await loginWith({ type: "keys", keys }).receive(message));
      expect(reason).toContain("there is only a scram_verifier");
    }
  });

  test("a password that is given by SCRAM alone is neither sent nor hashed with MD5", async () => {
    const credential: Credential = { type: "password", password: PASSWORD, scramOnly: true };
    for (const message of [{ type: "cleartext" }, { type: "md5", salt: Buffer.alloc(4) }] as const) {
      const entering = loginWith(credential);
      const reason = failed(await entering.receive(message));
      expect(reason).toContain('that of a [[users]] entry is given so only with tls = "verify-full"');
      expect(failed(await entering.receive({ type: "ok" }))).not.toBe("");
    }
    const server = new ScramServer();
    const entering = loginWith(credential);
    const final = sent(await entering.receive(server.challenge(sent(await entering.receive(SASL)))));
    await entering.receive(server.final(final));
    expect(server.accepted).toBe(true);
  });

  test("only methods that pgsoak has are taken up", async () => {
    expect(failed(await login().receive({ type: "unsupported", code: 7 }))).toContain("7");
    expect(failed(await login().receive({ type: "malformed" }))).not.toBe("");
    expect(failed(await login().receive({ type: "sasl", mechanisms: ["SCRAM-SHA-256-PLUS"] }))).toContain(
      "SCRAM-SHA-256",
    );
    expect(failed(await login().receive({ type: "sasl", mechanisms: [] }))).toContain("SCRAM-SHA-256");
  });

  test("a password is given once", async () => {
    const entering = login();
    await entering.receive({ type: "cleartext" });
    expect(failed(await entering.receive({ type: "cleartext" }))).toContain("out of order");
  });

  test("no sequence of messages makes it throw, tell the password, or go on after its end", async () => {
    const data = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    const message: fc.Arbitrary<AuthenticationMessage> = fc.oneof(
      fc.constantFrom<AuthenticationMessage>({ type: "ok" }, { type: "cleartext" }, { type: "malformed" }, SASL),
      data.map((salt) => ({ type: "md5", salt }) as const),
      data.map((bytes) => ({ type: "sasl_continue", data: bytes }) as const),
      data.map((bytes) => ({ type: "sasl_final", data: bytes }) as const),
      fc.integer().map((code) => ({ type: "unsupported", code }) as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 6 }), async (sequence) => {
        const entering = login();
        let over = false;
        for (const next of sequence) {
          const step = await entering.receive(next);
          expect(failed(step) !== "" || !over).toBe(true);
          expect(failed(step)).not.toContain(PASSWORD);
          over ||= !("send" in step);
        }
      }),
    );
  });
});
