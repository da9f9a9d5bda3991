import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScramClient } from "../../../src/proxy/auth/scram-client.ts";
import { createScramVerifier, ScramServer } from "../../../src/proxy/protocol/scram-server.ts";

/** What the server says at the end to a client with this password. */
async function exchange(known: string, given: string): Promise<string> {
  const server = new ScramServer(await createScramVerifier(known));
  const client = new ScramClient(given);
  const first = server.first(client.first());
  if (first === null) return "malformed";
  const answer = await client.answer(first);
  if ("failed" in answer) return answer.failed;
  const final = server.final(answer);
  return Buffer.isBuffer(final) ? (client.verify(final)?.failed ?? "in") : final;
}

describe("the server's half of SCRAM-SHA-256", () => {
  test("lets in whoever knows the password, and proves that it knows it too", async () => {
    for (const password of ["secret", "ein Geheimnis ø:@/%\"'", "\u00a0ﬁ", "💧"]) {
      expect(await exchange(password, password)).toBe("in");
    }
  });

  test("refuses whoever does not", async () => {
    expect(await exchange("secret", "Secret")).toBe("refused");
    expect(await exchange("secret", "")).toBe("refused");
  });

  test("takes no other nonce, no channel binding, no other identity, and nothing too long", async () => {
    const verifier = await createScramVerifier("secret");
    const first = (text: string) => new ScramServer(verifier).first(Buffer.from(text));
    expect(first("y,,n=,r=abc")).not.toBeNull();
    for (const text of [
      "p=tls-server-end-point,,n=,r=abc",
      "n,a=root,n=,r=abc",
      "n,,n=,r=",
      "n,,m=x,n=,r=abc",
      "",
      "n,,n=,r=a,b=c",
    ]) {
      expect([text, first(text)]).toEqual([text, null]);
    }
    expect(first(`n,,n=,r=${"a".repeat(2000)}`)).toBeNull();
    const client = new ScramClient("secret");
    const answer = (await client.answer(new ScramServer(verifier).first(client.first())!)) as Buffer;
    const other = new ScramServer(verifier);
    other.first(client.first());
    expect(other.final(answer)).toBe("malformed");
  });

  test("bears whatever bytes come", async () => {
    const verifier = await createScramVerifier("secret");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (first, final) => {
        const server = new ScramServer(verifier);
        expect(server.first(Buffer.from(first))).toBeNull();
        server.first(Buffer.from("n,,n=,r=abc"));
        expect(server.final(Buffer.from(final))).toBe("malformed");
      }),
    );
  });
});
