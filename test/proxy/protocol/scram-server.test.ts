import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SaltedPasswords } from "../../../src/proxy/auth/salted-passwords.ts";
import { ScramClient } from "../../../src/proxy/auth/scram-client.ts";
import { ScramError } from "../../../src/proxy/protocol/scram-messages.ts";
import { ScramServer } from "../../../src/proxy/protocol/scram-server.ts";
import { createScramVerifier } from "../../../src/proxy/protocol/scram-verifier.ts";

const SALTED = new SaltedPasswords({ max: 10, runningMax: 10, waitingMax: 0 });
const client = (password: string): ScramClient => new ScramClient({ type: "password", password }, SALTED);

/** What the server says at the end to a client with this password. */
async function exchange(known: string, given: string): Promise<string> {
  const server = new ScramServer(await createScramVerifier(known));
  const asking = client(given);
  const answer = await asking.answer(server.first(asking.first()));
  if ("failed" in answer) return answer.failed;
  const proved = server.final(answer);
  return proved === null ? "refused" : (asking.verify(proved.serverFinal)?.failed ?? "in");
}

/** What the client is told, when that is an error. */
function refusal(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    if (!(error instanceof ScramError)) throw error;
    return `${error.fields.sqlstate} ${error.message}`;
  }
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

  test("takes no other nonce, no channel binding and no other identity", async () => {
    const verifier = await createScramVerifier("secret");
    const first = (text: string) => refusal(() => new ScramServer(verifier).first(Buffer.from(text)));
    for (const text of ["y,,n=,r=abc", "n,,n=,r=a,b=c", "n,,n=,r="]) expect([text, first(text)]).toEqual([text, ""]);
    for (const text of ["p=tls-server-end-point,,n=,r=abc", "n,,n=,r=a b", "n,,r=abc", ""]) {
      expect([text, first(text)]).toEqual([text, expect.stringMatching(/^08P01 /)]);
    }
    for (const text of ["n,a=root,n=,r=abc", "n,,m=x,n=,r=abc"]) {
      expect([text, first(text)]).toEqual([text, expect.stringMatching(/^0A000 /)]);
    }
    const asking = client("secret");
    const answer = await asking.answer(new ScramServer(verifier).first(asking.first()));
    const other = new ScramServer(verifier);
    other.first(asking.first());
    expect(refusal(() => Buffer.isBuffer(answer) && other.final(answer))).toBe("08P01 invalid SCRAM response");
  });

  test("bears whatever bytes come, and lets nobody in by them", async () => {
    const verifier = await createScramVerifier("secret");
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: fc.constantFrom(..."ny,=rcpma") }));
    fc.assert(
      fc.property(bytes, bytes, (first, final) => {
        const server = new ScramServer(verifier);
        refusal(() => server.first(Buffer.from(first)));
        server.first(Buffer.from("n,,n=,r=abc"));
        expect(refusal(() => server.final(Buffer.from(final)))).not.toBe("");
      }),
    );
  });
});
