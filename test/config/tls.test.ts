// [tls], and tls and tls_ca of [[databases]]: each file is read and looked at with the configuration.

import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { reloadConfig } from "../../src/config/reload-config.ts";
import { warningsOf } from "../../src/config/warnings.ts";
import { Authority, type Certified, selfSigned } from "../helpers/certificates.ts";
import { BASE, ConfigFolder } from "./config-folder.ts";

const TLS = '[tls]\ncertificate = "server.crt"\nprivate_key = "server.key"\n';
const DAY_MS = 86_400_000;

let good: Certified;
let other: Certified;
let authority: Authority;

beforeAll(async () => {
  authority = await Authority.create("a");
  [good, other] = await Promise.all([authority.issue(), selfSigned()]);
});

/** A folder that holds these files. */
function folderWith(files: Readonly<Record<string, string>>): ConfigFolder {
  const folder = new ConfigFolder();
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return folder;
}

const pair = ({ certificate, privateKey }: Certified) => ({ "server.crt": certificate, "server.key": privateKey });

describe("a certificate for clients", () => {
  test("is read with its key, by paths that start at the configuration file", () => {
    using folder = folderWith(pair(good));
    expect(folder.load(BASE + TLS).tls).toEqual({
      certificate: { path: join(folder.path, "server.crt"), pem: good.certificate },
      privateKey: { path: join(folder.path, "server.key"), pem: good.privateKey },
      required: false,
    });
  });

  test("may be followed by those that lead to its authority", () => {
    using folder = folderWith({ ...pair(good), "server.crt": good.certificate + authority.certificate });
    expect(folder.mistakes(BASE + TLS)).toEqual([]);
  });

  const missing = (folder: ConfigFolder, name: string): string =>
    `cannot read the file: ENOENT: no such file or directory, open '${join(folder.path, name)}'`;

  test("and its key must be there", () => {
    using folder = new ConfigFolder();
    expect(folder.mistakes(BASE + TLS)).toEqual([
      `pgsoak.toml:11: tls.certificate: ${missing(folder, "server.crt")}`,
      `pgsoak.toml:12: tls.private_key: ${missing(folder, "server.key")}`,
    ]);
  });

  test("needs its key, the key needs it, and required needs both", () => {
    using folder = folderWith(pair(good));
    expect(folder.mistakes(`${BASE}[tls]\ncertificate = "server.crt"`)).toEqual([
      "pgsoak.toml:11: tls.certificate: needs tls.private_key beside it",
    ]);
    expect(folder.mistakes(`${BASE}[tls]\nprivate_key = "server.key"`)).toEqual([
      "pgsoak.toml:11: tls.private_key: needs tls.certificate beside it",
    ]);
    expect(folder.mistakes(`${BASE}[tls]\nrequired = true`)).toEqual([
      "pgsoak.toml:11: tls.required: needs tls.certificate and tls.private_key, or no client could connect",
    ]);
  });

  test("must fit its key", () => {
    using folder = folderWith({ ...pair(good), "server.key": other.privateKey });
    expect(folder.mistakes(BASE + TLS)).toEqual([
      "pgsoak.toml:12: tls.private_key: the key does not belong to tls.certificate (line 11)",
    ]);
  });

  test("must be one, and the key too; neither is shown", () => {
    using folder = folderWith({ "server.crt": good.privateKey, "server.key": good.certificate });
    expect(folder.mistakes(BASE + TLS)).toEqual([
      `pgsoak.toml:11: tls.certificate: expected certificates in PEM form in "${join(folder.path, "server.crt")}"`,
      `pgsoak.toml:12: tls.private_key: expected a private key in PEM form in "${join(folder.path, "server.key")}"`,
    ]);
    using empty = folderWith({ "server.crt": "", "server.key": "" });
    expect(empty.mistakes(BASE + TLS)).toHaveLength(2);
    const broken = good.certificate.replace("MII", "AAA");
    using cut = folderWith({ ...pair(good), "server.crt": broken });
    expect(cut.mistakes(BASE + TLS)).toEqual([expect.stringContaining("11: tls.certificate: expected certificates")]);
  });

  test("must not have a key that asks for a passphrase", () => {
    using folder = folderWith(pair(good));
    const how = { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" } as const;
    folder.write("server.key", createPrivateKey(good.privateKey).export(how));
    expect(folder.mistakes(BASE + TLS)).toEqual([
      `pgsoak.toml:12: tls.private_key: the key in "${join(folder.path, "server.key")}" is protected by a passphrase, which nobody could be asked for`,
    ]);
  });

  test("that has expired, will soon or is not valid yet is a warning", async () => {
    using folder = folderWith(pair(await authority.issue({ fromHours: -240, toHours: 24 * 30 })));
    const config = folder.load(`${BASE.replaceAll(/"(db.)"/g, '"$1"\ntls = "disable"')}${TLS}`);
    const about = (days: number): string[] =>
      warningsOf(config, Date.now() + days * DAY_MS).filter((warning) => warning.startsWith("tls.certificate"));
    expect(about(0)).toEqual([]);
    expect(about(20)).toEqual([expect.stringMatching(/^tls\.certificate expires on \d{4}-\d\d-\d\d$/)]);
    expect(about(31)).toEqual([expect.stringMatching(/^tls\.certificate has expired on \d{4}-\d\d-\d\d$/)]);
    expect(about(-11)).toEqual([expect.stringMatching(/^tls\.certificate is not valid before \d{4}-\d\d-\d\d$/)]);
  });
});

describe("TLS to a server", () => {
  const first = (lines: string): string => BASE.replace('"db1"', `"db1"\n${lines}`);

  test("trusts the authorities of a file", () => {
    using folder = folderWith({ "ca.pem": authority.certificate });
    const [database] = folder.load(first('tls = "verify-full"\ntls_ca = "ca.pem"')).databases;
    expect(database).toMatchObject({
      tls: "verify-full",
      tlsCa: { path: join(folder.path, "ca.pem"), pem: authority.certificate },
    });
  });

  test("must not be given an authority that its mode never looks at", () => {
    using folder = folderWith({ "ca.pem": authority.certificate });
    for (const mode of ["prefer", "disable"]) {
      expect(folder.mistakes(first(`tls = "${mode}"\ntls_ca = "ca.pem"`))).toEqual([
        `pgsoak.toml:5: databases[0].tls_ca: is not used with tls = "${mode}", which checks no certificate: expected "require" or stricter`,
      ]);
    }
    expect(folder.mistakes(first('tls = "require"\ntls_ca = "ca.pem"'))).toEqual([]);
  });

  test("must be given a file that has one", () => {
    using folder = folderWith({ "ca.pem": "nothing" });
    expect(folder.mistakes(first('tls = "verify-ca"\ntls_ca = "ca.pem"'))).toEqual([
      `pgsoak.toml:5: databases[0].tls_ca: expected certificates in PEM form in "${join(folder.path, "ca.pem")}"`,
    ]);
  });

  test("is not possible over a Unix socket", () => {
    using folder = new ConfigFolder();
    const socket = (mode: string): string => BASE.replace('"db1"', `"/run/postgresql"\ntls = "${mode}"`);
    expect(folder.mistakes(socket("prefer"))).toEqual([]);
    expect(folder.mistakes(socket("verify-full"))).toEqual([
      'pgsoak.toml:4: databases[0].tls: "verify-full" is not possible over the Unix socket in "/run/postgresql"',
    ]);
  });

  test("over a Unix socket may lead to the same server as loopback: such a mirror is refused", () => {
    using folder = new ConfigFolder();
    const both = BASE.replace('"db1"', '"/run/postgresql"').replace('"db2"', '"127.0.0.1"\ndatabase_name = "app"');
    expect(folder.mistakes(both)).toEqual([expect.stringContaining("has the address and database of its own primary")]);
    expect(folder.mistakes(both.replace("127.0.0.1", "/run/other"))).toEqual([]);
  });

  test("whose authority has ended is a warning, unless another one of the file goes on", async () => {
    const ended = await selfSigned({ fromHours: -48, toHours: -24 });
    using folder = folderWith({ "ca.pem": ended.certificate });
    const load = () => warningsOf(folder.load(first('tls = "verify-ca"\ntls_ca = "ca.pem"')));
    expect(load()).toContainEqual(expect.stringMatching(/^databases "app"\.tls_ca has expired on /));
    folder.write("ca.pem", ended.certificate + authority.certificate);
    expect(load()).not.toContainEqual(expect.stringContaining("tls_ca"));
  });
});

describe("what is not encrypted, or may not work, is a warning", () => {
  const quiet = BASE.replaceAll(/"(db.)"/g, '"$1"\ntls = "disable"');
  const tlsWarnings = (folder: ConfigFolder, text: string): string[] =>
    warningsOf(folder.load(text)).filter((warning) => /TLS|plaintext|certificate/.test(warning));

  test("clients on other machines in plaintext", () => {
    using folder = folderWith(pair(good));
    const open = `${quiet}[general]\nhost = "0.0.0.0"\n`;
    expect(tlsWarnings(folder, open)).toEqual([
      'general.host = "0.0.0.0": clients on other machines are served in plaintext, there is no tls.certificate',
    ]);
    expect(tlsWarnings(folder, open + TLS)).toEqual([
      'general.host = "0.0.0.0": clients on other machines may connect in plaintext, unless tls.required = true',
    ]);
    expect(tlsWarnings(folder, `${open}${TLS}required = true`)).toEqual([]);
  });

  test("prefer, but not on this machine", () => {
    using folder = new ConfigFolder();
    expect(tlsWarnings(folder, BASE.replace('"db1"', '"127.0.0.1"'))).toEqual([
      'databases.tls = "prefer" takes plaintext where the server has no TLS, and checks no certificate: "candidate"',
    ]);
  });

  test("verify-ca that trusts every well-known authority, since it has none of its own", () => {
    using folder = folderWith({ "ca.pem": authority.certificate });
    const verifying = quiet.replace('"disable"', '"verify-ca"');
    expect(tlsWarnings(folder, verifying)).toEqual([
      'databases "app": tls = "verify-ca" without tls_ca takes any certificate of any well-known authority, whoever it is made out to; give tls_ca, or use "verify-full"',
    ]);
    expect(tlsWarnings(folder, verifying.replace('"verify-ca"', '"verify-ca"\ntls_ca = "ca.pem"'))).toEqual([]);
    expect(tlsWarnings(folder, verifying.replace('"verify-ca"', '"verify-full"'))).toEqual([]);
  });

  test("a mirror's own password, where the mirror may be somebody else", () => {
    using folder = new ConfigFolder();
    const warnings = (more: string): string[] =>
      warningsOf(folder.load(BASE.replace('"db2"', more))).filter((warning) => warning.includes("clear text"));
    for (const tls of ["disable", "prefer", "require"]) {
      expect(warnings(`"db2"\npassword = "x"\ntls = "${tls}"`)).toEqual([
        'databases "candidate": whoever answers at its address may ask for the password in clear text, unless tls = "verify-full" tells the mirror from others',
      ]);
    }
    expect(warnings('"db2"\npassword = "x"\ntls = "verify-full"')).toEqual([]);
    expect(warnings('"127.0.0.1"\npassword = "x"')).toEqual([]);
    expect(warnings('"db2"')).toEqual([]);
  });

  test("TLS on both legs of clients that log in by themselves, and not that of a mirror", () => {
    using folder = folderWith(pair(good));
    const text = BASE.replaceAll(/"(db.)"/g, '"$1"\ntls = "require"') + TLS;
    expect(tlsWarnings(folder, text)).toEqual([
      'databases "app": with TLS on both legs, under auth = "passthrough", clients log in by SCRAM only if tls.certificate is the primary\'s own certificate',
    ]);
  });
});

describe("a configuration that is read again", () => {
  test("takes a renewed certificate, key and authority, and names them without showing them", async () => {
    const text = `${BASE.replace('"db1"', '"db1"\ntls = "verify-ca"\ntls_ca = "ca.pem"')}${TLS}`;
    using folder = folderWith({ ...pair(good), "ca.pem": authority.certificate });
    const present = folder.load(text);
    expect(reloadConfig(present, folder.load(text)).changed).toEqual([]);
    for (const [name, content] of Object.entries(pair(other))) folder.write(name, content);
    const ca = (await Authority.create("b")).certificate;
    folder.write("ca.pem", ca);
    const { config, changed, needRestart } = reloadConfig(present, folder.load(text));
    expect(changed).toEqual(['databases "app".tls_ca', "tls.certificate", "tls.private_key"]);
    expect(needRestart).toEqual([]);
    expect(config.tls.privateKey?.pem).toBe(other.privateKey);
    expect(config.databases[0]?.tlsCa?.pem).toBe(ca);
  });

  test("takes another mode for the next connection", () => {
    using folder = folderWith(pair(good));
    const present = folder.load(BASE);
    const read = folder.load(`${BASE.replace('"db1"', '"db1"\ntls = "require"')}${TLS}required = true`);
    const { config, changed, needRestart } = reloadConfig(present, read);
    expect(changed).toEqual([
      'databases "app".tls: "prefer" -> "require"',
      "tls.required: false -> true",
      expect.stringMatching(/^tls\.certificate: not set -> ".*server\.crt"$/),
      expect.stringMatching(/^tls\.private_key: not set -> ".*server\.key"$/),
    ]);
    expect(needRestart).toEqual([]);
    expect(config.tls.required).toBe(true);
  });
});
