// docs/tls.md has a table of what works with what: each of its lines is tried with a real psql and real servers, while
// a mirror that is reached by TLS takes part.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { hasPrograms, run } from "../../transparency/programs.ts";
import { type Legs, SECRET, TlsRig } from "./tls-rig.ts";

interface Combination {
  readonly psql: string;
  readonly certificate: string;
  readonly primary: Legs["primary"];
  readonly login: string;
  readonly outcome: string;
}

const ROLES: Readonly<Record<string, string>> = { SCRAM: "scram", MD5: "md5", trust: "postgres", "user list": "scram" };

function combinations(): Combination[] {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/tls.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `sslmode="));
  return rows.map((row) => {
    const [psql, certificate, primary, login, outcome] = row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", ""));
    return { psql: psql!, certificate: certificate!, primary: modeOf(primary!), login: login!, outcome: outcome! };
  });
}

function modeOf(text: string): Legs["primary"] {
  if (text === "disable" || text === "require" || text === "verify-full") return text;
  throw new Error(`the table has a mode that this test does not know: ${text}`);
}

describe.runIf(hasPrograms("psql"))("a psql that connects as the table says", () => {
  let rig: TlsRig;
  let rootFile: string;
  const proxies = new Map<string, InlineProxy>();

  beforeAll(async () => {
    rig = await TlsRig.start();
    rootFile = rig.write(rig.authority.certificate, "root.pem");
  });

  afterAll(async () => {
    for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  async function proxyOf(combination: Combination): Promise<InlineProxy> {
    const { certificate, primary, login } = combination;
    const auth = login === "user list" ? "userlist" : "passthrough";
    const key = `${certificate} ${primary} ${auth}`;
    const users = auth === "userlist" ? { users: [{ name: "scram", password: SECRET }] } : {};
    const tables = { ...rig.tables(legsOf(combination)), general: { auth }, ...users };
    const proxy = proxies.get(key) ?? (await startInlineProxy(tables));
    proxies.set(key, proxy);
    return proxy;
  }

  const legsOf = ({ certificate, primary }: Combination): Legs => {
    const { own, primary: same } = rig.certified;
    const mirror = "verify-full";
    if (certificate === "none") return { primary, mirror };
    const client = certificate.startsWith("same") ? same : own;
    return { primary, mirror, client, required: certificate.endsWith("required") };
  };

  test("finds a table with all four kinds of legs", () => {
    expect(combinations().length).toBeGreaterThan(15);
    expect(new Set(combinations().map(({ certificate }) => certificate))).toEqual(
      new Set(["none", "own", "same", "own, required", "same, required"]),
    );
  });

  test.each(combinations())("$psql, $certificate, $primary, $login: $outcome", async (combination) => {
    const proxy = await proxyOf(combination);
    const before = (await proxy.eventsOf("queued")).length;
    const [user, password] = [ROLES[combination.login]!, encodeURIComponent(SECRET)];
    const options = new URLSearchParams(combination.psql.split(" ").map((pair) => pair.split("=", 2)));
    options.set("sslrootcert", rootFile);
    const login = user === "postgres" ? user : `${user}:${password}`;
    const url = `postgresql://${login}@${proxy.host}:${proxy.port}/postgres?${options.toString()}`;
    const { code, stdout, stderr } = await run("psql", ["-X", "-A", "-t", "-d", url, "-c", "SELECT 6 * 7"]);
    if (combination.outcome === "works") {
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "42\n", stderr: "" });
      expect((await proxy.outcomes(before + 1)).at(-1)).toMatchObject({ kind: "mirrored", parity: "match" });
    } else {
      expect(stderr).toContain(combination.outcome);
      expect(code).toBe(2);
      expect(await proxy.eventsOf("queued")).toHaveLength(before);
    }
  });
});
