// Certificates are renewed while pgsoak runs: a real process, its signal, its log and its console.

import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority, type Certified, fingerprintOf, selfSigned } from "../../helpers/certificates.ts";
import { primary, withClient } from "../../helpers/clusters.ts";
import type { ConfigTables } from "../../helpers/config-text.ts";
import { FakeServer, relayTo } from "../../helpers/fake-server.ts";
import { RawClient } from "../../helpers/frames.ts";
import { query, startupMessage } from "../../helpers/messages.ts";
import { preparePgsoakProcess, type PgsoakProcess } from "../../helpers/pgsoak-process.ts";
import { askForTls, loginByTls } from "../../helpers/tls-client.ts";
import { behindTls } from "../../helpers/tls-front.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal, POSTGRES, values } from "../relay/relay.ts";

const startup = startupMessage(POSTGRES);

let pgsoak: PgsoakProcess;
let first: Certified;
let server: FakeServer;

const tables = (tls: NonNullable<ConfigTables["tls"]>, entry: Readonly<Record<string, string>> = {}): ConfigTables => {
  const { host, port } = server;
  return { databases: [{ name: "*", host, port, tls: "disable", ...entry }], tls };
};
const files = () => ({
  certificate: join(pgsoak.folder, "server.crt"),
  private_key: join(pgsoak.folder, "server.key"),
});

function place({ certificate, privateKey }: Certified): void {
  writeFileSync(files().certificate, certificate);
  writeFileSync(files().private_key, privateKey);
}

beforeAll(async () => {
  first = await selfSigned();
  server = await FakeServer.start(relayTo(primary()));
  pgsoak = await preparePgsoakProcess({ tables: tables({}) });
  place(first);
  pgsoak.configure(tables(files()));
  await pgsoak.start();
});

afterAll(async () => {
  await pgsoak[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The certificate that a new client is shown. */
async function shown(): Promise<string> {
  const { secured } = await askForTls(pgsoak.proxy);
  const { raw } = secured.getPeerCertificate();
  secured.destroy();
  return new X509Certificate(raw).fingerprint256;
}

/** Sends SIGHUP and waits for another line of this kind. */
async function reload(message: string): Promise<string> {
  const lines = (): string[] => pgsoak.output().match(new RegExp(`^.*"msg":"${message}.*$`, "gm")) ?? [];
  const before = lines().length;
  pgsoak.signal("SIGHUP");
  return await waitFor(() => lines()[before], { message });
}

const RELOADED = "configuration reloaded";
const REFUSED = "the configuration can't be reloaded, nothing has changed";

test("a renewed certificate is shown to new clients, and no session ends", async () => {
  expect(await shown()).toBe(fingerprintOf(first));
  await using client = await loginByTls(pgsoak.proxy, startup);
  const second = await (await Authority.create("another")).issue();
  place(second);
  expect(await shown()).toBe(fingerprintOf(first));
  expect(await reload(RELOADED)).toContain('"changed":["tls.certificate","tls.private_key"]');
  expect(await shown()).toBe(fingerprintOf(second));
  expect(values(await client.exchange(query("SELECT 'still here'")))).toEqual(["still here"]);

  // A key that belongs to another certificate, a file that is none, no file: nothing changes, and it is named.
  writeFileSync(files().private_key, first.privateKey);
  expect(await reload(REFUSED)).toContain("tls.private_key: the key does not belong to tls.certificate");
  writeFileSync(files().certificate, "not a certificate");
  expect(await reload(REFUSED)).toContain("tls.certificate: expected certificates in PEM form");
  pgsoak.configure(tables({ ...files(), certificate: "/nowhere.crt" }));
  expect(await reload(REFUSED)).toContain("tls.certificate: cannot read the file: ENOENT");
  expect(await shown()).toBe(fingerprintOf(second));
  expect(pgsoak.output()).not.toContain("PRIVATE KEY");

  place(first);
  pgsoak.configure(tables({ ...files(), required: true }));
  await reload(RELOADED);
  expect(await shown()).toBe(fingerprintOf(first));
  await using plain = await RawClient.connect(pgsoak.proxy);
  plain.send(startup);
  expect(await fatal(plain)).toMatchObject({ C: "28000", M: "pgsoak requires TLS" });

  pgsoak.configure(tables({}));
  await reload(RELOADED);
  await using unasked = await RawClient.login(pgsoak.proxy, POSTGRES);
  expect(values(await unasked.exchange(query("SELECT 1")))).toEqual(["1"]);
  expect(values(await client.exchange(query("SELECT 'still here'")))).toEqual(["still here"]);
  await expect(askForTls(pgsoak.proxy)).rejects.toThrow('was "N"');
});

test("another mode and another authority hold for the next connection to the server", async () => {
  const [old, renewed] = await Promise.all([Authority.create("old"), Authority.create("new")]);
  const ca = join(pgsoak.folder, "ca.pem");
  writeFileSync(ca, old.certificate);
  server.behaviour = behindTls(primary(), await renewed.issue());
  pgsoak.configure(tables({}, { tls: "verify-full", tls_ca: ca }));
  await reload(RELOADED);
  await using refused = await RawClient.connect(pgsoak.proxy);
  refused.send(startup);
  expect(await fatal(refused)).toMatchObject({ C: "08001", D: expect.stringContaining("not trusted") });
  writeFileSync(ca, renewed.certificate);
  expect(await reload(RELOADED)).toContain('"changed":["databases \\"*\\".tls_ca"]');
  await using client = await RawClient.login(pgsoak.proxy, POSTGRES);
  expect(values(await client.exchange(query("SELECT 1")))).toEqual(["1"]);
  server.behaviour = relayTo(primary());
});

test("the console says which leg of a client has TLS", async () => {
  place(first);
  pgsoak.configure(tables(files()));
  await reload(RELOADED);
  await using _ = await loginByTls(pgsoak.proxy, startupMessage({ ...POSTGRES, application_name: "secured" }));
  await using __ = await RawClient.login(pgsoak.proxy, { ...POSTGRES, application_name: "open" });
  const admin = { host: "127.0.0.1", port: pgsoak.ports.admin, user: "admin", database: "pgsoak" };
  const { rows } = await withClient(admin, (console) => console.query("SHOW CLIENTS"));
  const brief = rows.map(({ application_name, tls, primary_tls }) => [application_name, tls, primary_tls]);
  expect(brief).toEqual([
    ["secured", "TLSv1.3", "off"],
    ["open", "off", "off"],
  ]);
});
