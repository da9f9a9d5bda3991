import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { configHash } from "../../src/config/config-hash.ts";
import { describeConfig } from "../../src/config/describe-config.ts";
import { TABLES } from "../../src/config/schema.ts";
import { openDoors } from "../../src/config/unsafe.ts";
import { warningsOf } from "../../src/config/warnings.ts";
import { BASE, ConfigFolder } from "./config-folder.ts";

/** What stands for the secrets in the description, each of which begins with "hunter" or holds that in base64. */
const MASKS: readonly [RegExp, string][] = [
  [/hunter-[a-z]+/g, "********"],
  [/c2FsdHNhbHRzYWx0c2FsdA==/g, `${"A".repeat(22)}==`],
  [/aHVudGVyL[A-Za-z0-9+/]{34}=/g, `${"A".repeat(43)}=`],
];
const VERIFIER =
  "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$aHVudGVyLXZlcmlmaWVyLWh1bnRlci12ZXJpZmllci0=:aHVudGVyLXNlcnZlci1rZXktaHVudGVyLXNlcnZlci0=";

const USERLIST = '[general]\nauth = "userlist"';

const FULL = `${BASE}exposure = 0.25
include_statements = ["^select", 'a\\d']
[general]
threads = 1
mirror_queue_bytes = "3 MiB"
mirror_max_error_rate = "off"
[[users]]
name = "app"
password = "hunter-user"
databases = ["app"]
[[users]]
name = "stored"
scram_verifier = "${VERIFIER}"
[events]
retention = "36h"
max_size = 1048577
[api]
host = "0.0.0.0"
token = "hunter-token"
[admin]
password = "hunter-admin"
[readiness]
expires_after = "off"
`.replace('host = "db2"', 'host = "db2"\nuser = "soak"\npassword = "hunter-db"');

test("the description of a configuration is one that says the same, with its secrets masked", () => {
  using folder = new ConfigFolder();
  for (const toml of [BASE, FULL, '[[databases]]\nname = "*"\nhost = "db1"']) {
    const config = folder.load(toml);
    const text = describeConfig(config);
    expect(text).not.toMatch(/hunter|aHVudGVyL/);
    const again = folder.load(text);
    const masked = MASKS.reduce((json, [secret, mask]) => json.replaceAll(secret, mask), JSON.stringify(config));
    expect(again).toEqual(JSON.parse(masked));
    expect(describeConfig(again)).toBe(text);
  }
});

test("the description has the tables in the order of the example", () => {
  using folder = new ConfigFolder();
  const example = readFileSync(join(import.meta.dirname, "../../pgsoak.example.toml"), "utf8");
  expect(headers(describeConfig(folder.load(FULL)))).toEqual(headers(example));
});

test("the description leaves out no setting that has an effect", () => {
  using folder = new ConfigFolder();
  const described = parse(describeConfig(folder.load(FULL)));
  for (const { name, settings } of TABLES) {
    const shown = new Set([described[name]].flat().flatMap((table) => Object.keys(Object(table))));
    const left = Object.keys(settings).filter((key) => !shown.has(key));
    // Not set, or said by another key: the alias by its threshold, a file by the secret that was read from it.
    const unset: Record<string, string[]> = {
      general: ["mirror_failure_threshold"],
      databases: ["database_name", "password_file", "tls_ca"],
      users: ["password_file"],
      api: ["token_file"],
      admin: ["password_file"],
      tls: ["certificate", "private_key"],
    };
    expect(left).toEqual(unset[name] ?? []);
  }
});

test("the hash follows what is effective, not how it is written", () => {
  using folder = new ConfigFolder();
  using elsewhere = new ConfigFolder();
  const path = '[events]\npath = "/var/lib/pgsoak.db"\n';
  const hash = configHash(folder.load(`${BASE}${path}`));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(configHash(elsewhere.load(`${path}# a comment\n[general]\nport = 6432\n${BASE}`))).toBe(hash);
  expect(configHash(folder.load(`${BASE}${path}[general]\nport = 6500`))).not.toBe(hash);
});

test("the hash knows nothing of secrets", () => {
  using folder = new ConfigFolder();
  const hash = configHash(folder.load(FULL));
  expect(configHash(folder.load(FULL.replaceAll(/hunter-[a-z]+/g, "other").replaceAll("aHVudGVyL", "b3RoZXJvd")))).toBe(
    hash,
  );
});

test("what may surprise its author is a warning", () => {
  using folder = new ConfigFolder();
  const quiet = BASE.replace('"db1"', '"db1"\ntls = "disable"').replace(
    '"db2"',
    '"127.0.0.1"\ntls = "disable"\npassword = "x"',
  );
  expect(warningsOf(folder.load(quiet))).toEqual([]);
  expect(warningsOf(folder.load(quiet.replace('"db1"', '"db1"\nuser = "app"\npassword = "x"')))).toEqual([
    'databases "app": user and password have no effect, under auth = "passthrough" clients log in themselves',
  ]);
  expect(warningsOf(folder.load(`${quiet}[api]\nopen_reads = true`))).toEqual([
    "api.open_reads has no effect without a token: reads are open then anyway",
  ]);
  expect(warningsOf(folder.load(`${quiet}[general]\nhost = "::"\nmirror_metrics_enabled = false`))).toEqual([
    "general.mirror_metrics_enabled = false: nothing is recorded, so readiness stays INCONCLUSIVE",
    'general.host = "::": clients on other machines are served in plaintext, there is no tls.certificate',
  ]);
  expect(warningsOf(folder.load(`${BASE}[[users]]\nname = "a"\nscram_verifier = "${VERIFIER}"`))).toEqual([
    'databases.tls = "prefer" takes plaintext where the server has no TLS, and checks no certificate: "app", "candidate"',
    'databases "candidate": this mirror is entered without a password, which it must allow (trust)',
    'users "a": scram_verifier has no effect without auth = "userlist"',
  ]);
  expect(warningsOf(folder.load(`${quiet}[[users]]\nname = "idle"`))).toEqual([
    'users "idle": without a password the entry has no effect',
  ]);
  expect(warningsOf(folder.load(`${quiet}[[users]]\nname = "a"\nscram_verifier = "${VERIFIER}"\n${USERLIST}`))).toEqual(
    [
      'users "a": with a scram_verifier pgsoak logs in as this user only to servers that keep the very same verifier, or ask for no password',
    ],
  );
  expect(
    warningsOf(
      folder.load(`${quiet.replace('"db1"', '"db1"\nuser = "x"')}[[users]]\nname = "a"\npassword = "b"\n${USERLIST}`),
    ),
  ).toEqual(['databases "app": this primary is entered without a password, which it must allow (trust)']);
  // The entry that has the password is for another database.
  const elsewhere = '[[users]]\nname = "x"\npassword = "b"\ndatabases = ["candidate"]';
  expect(warningsOf(folder.load(`${quiet.replace('"db1"', '"db1"\nuser = "x"')}${elsewhere}\n${USERLIST}`))).toEqual([
    'databases "app": this primary is entered without a password, which it must allow (trust)',
  ]);
  expect(warningsOf(folder.load('[[databases]]\nname = "*"\nhost = "db1"\ntls = "disable"'))).toEqual([
    "there is no [[mirroring]]: pgsoak is a plain relay and observes nothing",
  ]);
});

test("a file that holds a secret and is open to everybody is a warning, whichever secret it is", () => {
  using folder = new ConfigFolder();
  const secret = folder.write("secret", "x");
  const toml = `${BASE}[api]\ntoken_file = "secret"\n[[users]]\nname = "a"\npassword_file = "secret"`.replaceAll(
    /"db[12]"/g,
    (host) => `${host}\ntls = "disable"`,
  );
  const open = (config: Config): string[] => warningsOf(config).filter((warning) => warning.includes("holds a secret"));
  expect(open(folder.load(toml))).toEqual([]);
  chmodSync(secret, 0o644);
  chmodSync(join(folder.path, "pgsoak.toml"), 0o666);
  expect(open(folder.load(toml))).toEqual([
    `${secret} holds a secret and everybody on this machine may read it (mode 0644): chmod 600`,
  ]);
  // Without a secret of its own the configuration is nobody's secret; one from the environment is in no file.
  expect(open(folder.load(`${toml}\n[admin]\npassword = "y"`))[0]).toBe(
    `${join(folder.path, "pgsoak.toml")} holds a secret and everybody on this machine may read and change it (mode 0666): chmod 600`,
  );
  expect(open(folder.load(toml, { PGSOAK__ADMIN__PASSWORD: "y" }))).toHaveLength(1);
});

test("what is open without being a mistake is named by check", () => {
  using folder = new ConfigFolder();
  const open = (toml: string): string[] => openDoors(folder.load(toml)).map((door) => door.split(/:| everybody/)[0]!);
  expect(open(BASE)).toEqual(["api", "admin"]);
  expect(open(`${BASE}[api]\ntoken = "x"\n[admin]\npassword = "y"`)).toEqual([]);
  const plain = BASE.replace('"db1"', '"127.0.0.1"\ntls = "disable"').replace('"db2"', '"db2"\ntls = "disable"');
  expect(open(plain)).toEqual(['databases "candidate"', "api", "admin"]);
});

/** The tables that a text has, each once, in its order. */
function headers(text: string): string[] {
  return [...new Set(text.match(/^(# )?\[\[?[a-z]+/gm))].map((header) => header.replace("# ", ""));
}
