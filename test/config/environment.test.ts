import { expect, test } from "vitest";
import { BASE, ConfigFolder } from "./config-folder.ts";

test("variables win over the file, and their text becomes the type of the key", () => {
  using folder = new ConfigFolder();
  const config = folder.load(`${BASE}[general]\nport = 7000\n`, {
    PGSOAK__GENERAL__PORT: "7001",
    PGSOAK__GENERAL__MIRROR_EXPOSURE: "0.25",
    PGSOAK__GENERAL__MIRROR_QUEUE_BYTES: "1 MiB",
    PGSOAK__GENERAL__MAX_MESSAGE_BYTES: "2048",
    PGSOAK__GENERAL__MIRROR_MIN_REQUESTS: "off",
    PGSOAK__GENERAL__THREADS: "3",
    PGSOAK__EVENTS__RETENTION: "2w",
    PGSOAK__API__OPEN_READS: "true",
    PGSOAK__API__ALLOWED_HOSTS: "soak.example.org, 10.0.0.5",
    PGSOAK__MIRRORING__0__INCLUDE_STATEMENTS: '["^select", "a{1,2}"]',
    PGSOAK__READINESS__WINDOWS: "1h,all",
  });
  expect(config.general).toMatchObject({ port: 7001, threads: 3, mirrorQueueBytes: 1_048_576, maxMessageBytes: 2048 });
  expect(config.mirrorings[0]).toMatchObject({ exposure: 0.25, statements: { include: ["^select", "a{1,2}"] } });
  expect(config.events.retentionMs).toBe(14 * 86_400_000);
  expect(config.api).toMatchObject({ openReads: true, allowedHosts: ["soak.example.org", "10.0.0.5"] });
  expect(config.readiness).toMatchObject({ minRequests: null, windows: ["1h", "all"] });
});

test("entries of arrays are counted from 0, and the next one can be made", () => {
  using folder = new ConfigFolder();
  const config = folder.load(BASE, {
    PGSOAK__DATABASES__1__PASSWORD: "p:@/%\"'\nw",
    PGSOAK__DATABASES__2__NAME: "third",
    PGSOAK__DATABASES__2__HOST: "db3",
    PGSOAK__USERS__0__NAME: "app",
  });
  expect(config.databases[1]?.password).toBe("p:@/%\"'\nw");
  expect(config.databases[2]).toMatchObject({ name: "third", host: "db3", port: 5432 });
  expect(config.users.map(({ name }) => name)).toEqual(["app"]);
});

test("a configuration can come from the environment alone", () => {
  using folder = new ConfigFolder();
  const entries = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [
      [`PGSOAK__DATABASES__${index}__NAME`, `db${index}`],
      [`PGSOAK__DATABASES__${index}__HOST`, "127.0.0.1"],
    ]).flat(),
  );
  expect(folder.load("", entries).databases.map(({ name }) => name)).toEqual(
    Array.from({ length: 11 }, (_, index) => `db${index}`),
  );
});

test("a variable that names no setting is a mistake, and other programs' variables are none", () => {
  using folder = new ConfigFolder();
  const env = {
    PGSOAK__GENERAL__PROT: "1",
    PGSOAK__NOTHING: "1",
    PGSOAK__GENERAL__PORT__MORE: "1",
    PGSOAK__DATABASES__NAME: "x",
    PGSOAK__DATABASES__FIRST__NAME: "x",
    PGSOAK__DATABASES__4__NAME: "x",
    PGSOAK__general__port: "1",
    PGSOAK_LOG_LEVEL: "debug",
    PGHOST: "elsewhere",
  };
  expect(folder.mistakes(BASE, env)).toEqual([
    "PGSOAK__DATABASES__4__NAME: there is no [[databases]] entry 2, entries have no gaps",
    "PGSOAK__DATABASES__FIRST__NAME: unknown setting (did you mean PGSOAK__DATABASES__0__NAME?)",
    "PGSOAK__DATABASES__NAME: unknown setting (did you mean PGSOAK__DATABASES__0__NAME?)",
    "PGSOAK__general__port: unknown setting (did you mean PGSOAK__GENERAL__PORT?)",
    "PGSOAK__GENERAL__PORT__MORE: unknown setting (did you mean PGSOAK__GENERAL__PORT?)",
    "PGSOAK__GENERAL__PROT: unknown setting (did you mean PGSOAK__GENERAL__PORT?)",
    "PGSOAK__NOTHING: unknown setting",
  ]);
});

test("what is wrong with a value names its variable, also when the key is in the file or the entry is not", () => {
  using folder = new ConfigFolder();
  const env = {
    PGSOAK__DATABASES__0__PORT: "many",
    PGSOAK__DATABASES__2__NAME: "third",
    PGSOAK__MIRRORING__0__EXCLUDE_STATEMENTS: "(",
    PGSOAK__API__OPEN_READS: "yes",
    PGSOAK__ADMIN__PASSWORD: "",
    PGSOAK__MIRRORING__0__INCLUDE_USERS: "[1",
  };
  const toml = `${BASE}exclude_statements = [\n"ok"]\n[api]\nopen_reads = true`;
  expect(folder.mistakes(toml, env)).toEqual([
    'PGSOAK__ADMIN__PASSWORD: admin.password: expected a password in quotes, got ""',
    'PGSOAK__API__OPEN_READS: api.open_reads: expected true or false, got "yes"',
    'PGSOAK__DATABASES__0__PORT: databases[0].port: expected an integer from 1 to 65535, got "many"',
    "PGSOAK__DATABASES__2__NAME: databases[2].host: expected a host name, an address or the folder of a Unix socket, but it is missing",
    "PGSOAK__MIRRORING__0__EXCLUDE_STATEMENTS: mirroring[0].exclude_statements[0]: " +
      "expected a regular expression: Invalid regular expression: /(/: Unterminated group",
    'PGSOAK__MIRRORING__0__INCLUDE_USERS: mirroring[0].include_users: expected a list of user names, got "[1"',
  ]);
});

test("variables can't repair a table of the wrong shape, which is reported once", () => {
  using folder = new ConfigFolder();
  const env = { PGSOAK__GENERAL__PORT: "7000", PGSOAK__DATABASES__0__PORT: "1", PGSOAK__USERS__0__NAME: "app" };
  expect(folder.mistakes('general = 1\ndatabases = "x"\nusers = [5]', env)).toEqual([
    "pgsoak.toml:1: general: expected one table ([general]), got 1",
    'pgsoak.toml:2: databases: expected an array of tables ([[databases]]), got "x"',
    "pgsoak.toml:3: users[0]: expected a table, got 5",
  ]);
});
