import { describe, expect, test } from "vitest";
import { BASE, ConfigFolder } from "./config-folder.ts";

interface Case {
  readonly rule: string;
  /** The whole file, or what comes after BASE, from line 10 on. */
  readonly toml?: string;
  readonly add?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Exact lines; "pgsoak.toml:" before the leading number. */
  readonly lines: readonly string[];
}

const VERIFIER =
  "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$aHVudGVyLXZlcmlmaWVyLWh1bnRlci12ZXJpZmllci0=:aHVudGVyLXNlcnZlci1rZXktaHVudGVyLXNlcnZlci0=";
const MODES = '"disable", "prefer", "require", "verify-ca", "verify-full"';

const cases: readonly Case[] = [
  // TOML itself
  { rule: "unfinished string", add: '[general]\nhost = "x', lines: ["11:8: not valid TOML: unfinished string"] },
  {
    rule: "key defined twice",
    add: "[api]\nport = 1\nport = 2",
    lines: ["12:1: not valid TOML: trying to redefine an already defined table or value"],
  },
  { rule: "no value", add: "[api]\nport =\n", lines: ["11:7: not valid TOML: invalid value"] },

  // types and ranges
  {
    rule: "port too large",
    add: "[general]\nport = 65536",
    lines: ["11: general.port: expected an integer from 1 to 65535, got 65536"],
  },
  {
    rule: "port 0",
    add: "[general]\nport = 0",
    lines: ["11: general.port: expected an integer from 1 to 65535, got 0"],
  },
  {
    rule: "port of a server 0",
    toml: BASE.replace('"db1"', '"db1"\nport = 0'),
    lines: ["4: databases[0].port: expected an integer from 1 to 65535, got 0"],
  },
  {
    rule: "port as text",
    add: '[api]\nport = "9090"',
    lines: ['11: api.port: expected an integer from 1 to 65535, got "9090"'],
  },
  {
    rule: "integer with a fraction",
    add: "[general]\nmax_connections = 1.5",
    lines: ["11: general.max_connections: expected an integer from 1 to 1000000, got 1.5"],
  },
  {
    rule: "absurd integer",
    add: "[general]\nmax_connections = 99999999999999999999",
    lines: ["11: general.max_connections: expected an integer from 1 to 1000000, got 99999999999999999999"],
  },
  {
    rule: "negative timeout",
    add: "[general]\nlogin_timeout_ms = -1",
    lines: ["11: general.login_timeout_ms: expected an integer from 1 to 2147483647, got -1"],
  },
  {
    rule: "exposure above 1",
    add: "[general]\nmirror_exposure = 1.5",
    lines: ["11: general.mirror_exposure: expected a number from 0 to 1, got 1.5"],
  },
  {
    rule: "exposure below 0 in a mirroring",
    add: "exposure = -0.1",
    lines: ["10: mirroring[0].exposure: expected a number from 0 to 1, got -0.1"],
  },
  {
    rule: "exposure that is no number",
    add: "exposure = nan",
    lines: ["10: mirroring[0].exposure: expected a number from 0 to 1, got NaN"],
  },
  {
    rule: "boolean as text",
    add: '[api]\nopen_reads = "yes"',
    lines: ['11: api.open_reads: expected true or false, got "yes"'],
  },
  {
    rule: "unknown choice",
    add: '[general]\nmirror_level = "writes"',
    lines: ['11: general.mirror_level: expected one of "all", "reads", "dml", "ddl", got "writes"'],
  },
  {
    rule: "unknown TLS mode",
    toml: BASE.replace('"db1"', '"db1"\ntls = "on"'),
    lines: [`4: databases[0].tls: expected one of ${MODES}, got "on"`],
  },
  {
    rule: "threads in words",
    add: '[general]\nthreads = "many"',
    lines: ['11: general.threads: expected "auto" or an integer from 1 to 64, got "many"'],
  },
  {
    rule: "host with a space",
    add: '[general]\nhost = "local host"',
    lines: ['11: general.host: expected a host name or an address, got "local host"'],
  },
  {
    rule: "URL in place of a host, its password hidden",
    toml: BASE.replace('"db1"', '"postgres://app:hunter2@db1/app"'),
    lines: [
      '3: databases[0].host: expected a host name, an address or the folder of a Unix socket, got "postgres://********@db1/app"',
    ],
  },
  {
    rule: "empty name",
    toml: BASE.replace('"candidate"', '""'),
    lines: [
      '5: databases[1].name: expected the database name that clients ask for, or "*", got ""',
      '9: mirroring[0].destination_db: no [[databases]] entry has the name "candidate"',
    ],
  },
  {
    rule: "duration without a unit",
    add: '[events]\nretention = "30"',
    lines: ['11: events.retention: expected a duration such as 30s, 15m, 24h, 7d or 2w, got "30"'],
  },
  {
    rule: "duration of nothing",
    add: '[readiness]\nexpires_after = "0h"',
    lines: ['11: readiness.expires_after: expected a duration such as 30s, 15m, 24h, 7d or 2w, or "off", got "0h"'],
  },
  {
    rule: "size in an unknown unit",
    add: '[general]\nmirror_queue_bytes = "64 QB"',
    lines: [
      "11: general.mirror_queue_bytes: expected a size such as 20 GB or 64 MiB, or a number of bytes, " +
        'from 1024 to 1099511627776 bytes, got "64 QB"',
    ],
  },
  {
    rule: "size with a forgotten unit",
    add: "[events]\nmax_size = 20",
    lines: [
      "11: events.max_size: expected a size such as 20 GB or 64 MiB, or a number of bytes, " +
        "from 1048576 to 1125899906842624 bytes, got 20",
    ],
  },
  {
    rule: "negative size",
    add: "[general]\nmax_message_bytes = -1",
    lines: [
      "11: general.max_message_bytes: expected a size such as 20 GB or 64 MiB, or a number of bytes, " +
        "from 1024 to 2147483647 bytes, got -1",
    ],
  },
  {
    rule: "threshold in words",
    add: '[general]\nmirror_max_error_rate = "none"',
    lines: ['11: general.mirror_max_error_rate: expected a number from 0 to 1, or "off", got "none"'],
  },
  {
    rule: "list as one text",
    add: 'include_users = "app"',
    lines: ['10: mirroring[0].include_users: expected a list of user names, got "app"'],
  },
  {
    rule: "list with a number in it",
    add: 'include_users = ["app", 5]',
    lines: ['10: mirroring[0].include_users: expected a list of user names, got ["app", 5]'],
  },
  {
    rule: "date",
    add: "[events]\npath = 2026-01-02",
    lines: ["11: events.path: expected a path, got the date 2026-01-02"],
  },
  {
    rule: "secret of the wrong type, not shown",
    add: "[admin]\npassword = 12345678",
    lines: ["11: admin.password: expected a password in quotes, got a value (number) that is not shown"],
  },
  {
    rule: "verifier that is none, not shown",
    add: '[[users]]\nname = "app"\nscram_verifier = "hunter2"',
    lines: [
      "12: users[0].scram_verifier: expected a verifier as PostgreSQL stores it, SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey, got a value (string) that is not shown",
    ],
  },
  {
    rule: "empty token",
    add: '[api]\ntoken = ""',
    lines: ['11: api.token: expected a token in quotes, got ""'],
  },
  {
    rule: "empty metrics prefix",
    add: '[api]\nmetrics_prefix = ""',
    lines: [
      "11: api.metrics_prefix: expected a Prometheus name prefix (letters, digits, _ and :, no digit first), " +
        'got ""',
    ],
  },
  {
    rule: "metrics prefix with a digit first",
    add: '[api]\nmetrics_prefix = "9lives"',
    lines: [
      "11: api.metrics_prefix: expected a Prometheus name prefix (letters, digits, _ and :, no digit first), " +
        'got "9lives"',
    ],
  },
  {
    rule: "very long value, cut",
    add: `[general]\nauth = "${"x".repeat(500)}"`,
    lines: [`11: general.auth: expected one of "passthrough", "userlist", got "${"x".repeat(59)}…`],
  },

  // shape
  {
    rule: "table as a value",
    toml: `general = 5\n${BASE}`,
    lines: ["1: general: expected one table ([general]), got 5"],
  },
  {
    rule: "one table where an array belongs",
    toml: '[databases]\nname = "app"',
    lines: ["1: databases: expected an array of tables ([[databases]]), got a table"],
  },
  {
    rule: "array where one table belongs",
    add: "[[api]]\nport = 1",
    lines: ["10: api: expected one table ([api]), got an array of tables"],
  },
  {
    rule: "entry that is no table",
    toml: 'databases = [\n  { name = "app", host = "db1" },\n  "db2",\n]',
    lines: ['3: databases[1]: expected a table, got "db2"'],
  },
  {
    rule: "mistyped key",
    add: '[general]\nprot = 5\n[api]\n"tokne" = "hunter2"',
    lines: [
      '11: general.prot: unknown key (did you mean "port"?)',
      '13: api.tokne: unknown key (did you mean "token"?)',
    ],
  },
  {
    rule: "unknown key like no other",
    add: "[general]\nfrobnicate = 5",
    lines: ["11: general.frobnicate: unknown key"],
  },
  {
    rule: "key of another table",
    add: "[general]\nmax_drop_rate = 0.5\n[readiness]\nmirror_p99_rule = 'off'",
    lines: [
      "11: general.max_drop_rate: unknown key here, it belongs in [readiness]",
      "13: readiness.mirror_p99_rule: unknown key here, it belongs in [general]",
    ],
  },
  {
    rule: "key outside of any table",
    toml: `token_file = "x"\n${BASE}`,
    lines: ["1: token_file: unknown key here, it belongs in [api]"],
  },
  { rule: "mistyped table", add: "[genral]\nport = 1", lines: ['10: genral: unknown table (did you mean "general"?)'] },
  { rule: "key that every object has", add: "[api]\nconstructor = 1", lines: ["11: api.constructor: unknown key"] },
  {
    rule: "missing keys, at the line of their table",
    toml: '[[databases]]\nname = "app"\n\n[[mirroring]]\nexposure = 1.0\n[[users]]',
    lines: [
      "1: databases[0].host: expected a host name, an address or the folder of a Unix socket, but it is missing",
      "4: mirroring[0].source_db: expected the name of a [[databases]] entry, but it is missing",
      "4: mirroring[0].destination_db: expected the name of a [[databases]] entry, but it is missing",
      "6: users[0].name: expected a user name, but it is missing",
    ],
  },

  // databases and users
  {
    rule: "no databases",
    toml: "[general]\nport = 6432",
    lines: ["1: databases: expected at least one [[databases]] entry, but there is none"],
  },
  {
    rule: "two databases of one name",
    toml: '[[databases]]\nname = "app"\nhost = "db1"\n[[databases]]\nhost = "db2"\nname = "app"',
    lines: ['6: databases[1].name: "app" is the name of another entry already: databases[0].name (line 2)'],
  },
  {
    rule: "server that is pgsoak itself",
    toml: '[general]\nport = 5432\n[[databases]]\nname = "app"\nhost = "localhost"',
    lines: ["3: databases[0].port: localhost:5432 is pgsoak's own address, general.port (line 2)"],
  },
  {
    rule: "two users of one name",
    add: '[[users]]\nname = "app"\n[[users]]\nname = "app"',
    lines: ['13: users[1].name: "app" has an entry for the same databases already: users[0].name (line 11)'],
  },
  {
    rule: "two users of one name and one database, beside one for all",
    add: ["", 'databases = ["app"]', 'databases = ["candidate", "app"]']
      .map((more) => `[[users]]\nname = "u"\n${more}`)
      .join("\n"),
    lines: ['17: users[2].name: "u" has an entry for the same databases already: users[1].name (line 14)'],
  },

  // mirrorings
  {
    rule: "unknown source",
    toml: BASE.replace('source_db = "app"', 'source_db = "ap"'),
    lines: ['8: mirroring[0].source_db: no [[databases]] entry has the name "ap" (did you mean "app"?)'],
  },
  {
    rule: "unknown destination",
    toml: BASE.replace('destination_db = "candidate"', 'destination_db = "elsewhere"'),
    lines: ['9: mirroring[0].destination_db: no [[databases]] entry has the name "elsewhere"'],
  },
  {
    rule: "mirror of itself",
    toml: BASE.replace('destination_db = "candidate"', 'destination_db = "app"'),
    lines: [
      '9: mirroring[0].destination_db: a mirror is never a source, but "app" is: mirroring[0].source_db (line 8)',
    ],
  },
  {
    rule: "mirror that is a source elsewhere",
    add: '[[databases]]\nname = "third"\nhost = "db3"\n[[mirroring]]\nsource_db = "candidate"\ndestination_db = "third"',
    lines: [
      '9: mirroring[0].destination_db: a mirror is never a source, but "candidate" is: mirroring[1].source_db (line 14)',
    ],
  },
  {
    rule: "mirror that clients get for any database",
    toml: BASE.replaceAll('"candidate"', '"*"'),
    lines: ['9: mirroring[0].destination_db: a mirror is never the entry "*", which clients get for any database'],
  },
  {
    rule: "mirror at the primary's address, spelled otherwise",
    toml: BASE.replace('"db1"', '"localhost"').replace('"db2"', '"127.0.0.1"'),
    lines: [
      '9: mirroring[0].destination_db: "candidate" has the address and database of its own primary, ' +
        "mirroring[0].source_db (line 8), so every write would run twice",
    ],
  },
  {
    rule: "mirror at the primary's address, its database named by the request",
    toml: BASE.replace('"db1"', '"DB."').replace('"db2"', '"db"\ndatabase_name = "app"'),
    lines: [
      '10: mirroring[0].destination_db: "candidate" has the address and database of its own primary, ' +
        "mirroring[0].source_db (line 9), so every write would run twice",
    ],
  },
  {
    rule: "mirror of any database at the primary's address",
    toml: BASE.replaceAll('"app"', '"*"').replace('"db2"', '"db1"\ndatabase_name = "copy"'),
    lines: [
      '10: mirroring[0].destination_db: "candidate" has the address and database of its own primary, ' +
        "mirroring[0].source_db (line 9), so every write would run twice",
    ],
  },
  {
    rule: "one mirror twice",
    add: '[[mirroring]]\nname = "again"\nsource_db = "app"\ndestination_db = "candidate"',
    lines: [
      '13: mirroring[1].destination_db: "candidate" is the same mirror of "app" as ' +
        "mirroring[0].destination_db (line 9), so every write would run twice",
    ],
  },
  {
    rule: "two mirrorings of one name",
    add: '[[databases]]\nname = "b"\nhost = "db3"\n[[mirroring]]\nsource_db = "b"\ndestination_db = "candidate"',
    lines: [
      '13: mirroring[1].name: "candidate" is the name of another mirroring already: mirroring[0].name (by default); ' +
        "without a name it has that of its destination_db",
    ],
  },
  {
    rule: "regular expression that is none, at its own line",
    add: 'include_statements = [\n  "^select", # "]"\n  "^(update",\n]',
    lines: [
      "12: mirroring[0].include_statements[1]: expected a regular expression: " +
        "Invalid regular expression: /^(update/: Unterminated group",
    ],
  },

  // listeners
  {
    rule: "API without a token on all addresses",
    add: '[api]\nhost = "0.0.0.0"',
    lines: ['11: api.host: "0.0.0.0" is reachable from other machines and needs api.token or api.token_file'],
  },
  {
    rule: "API's token that no header can carry, not shown",
    add: '[api]\ntoken = "two words"',
    lines: ["11: api.token: expected letters, digits and signs of ASCII without blanks, got a value that is not shown"],
  },
  {
    rule: "console without a password on another address",
    add: '[admin]\nhost = "10.0.0.5"',
    lines: [
      '11: admin.host: "10.0.0.5" is reachable from other machines and needs admin.password or admin.password_file',
    ],
  },
  {
    rule: "one port for two listeners",
    add: "[general]\nport = 9090",
    lines: ["11: general.port: 9090 is taken by api.port (by default) on the same host"],
  },
  {
    rule: "one port for two listeners, one of them on every address",
    add: '[general]\nhost = "0.0.0.0"\n[admin]\nport = 6432',
    lines: ["13: admin.port: 6432 is taken by general.port (by default) on the same host"],
  },

  // secrets and contradictions
  {
    rule: "password twice",
    add: '[admin]\npassword = "a"\npassword_file = "b"',
    lines: ["12: admin.password_file: contradicts admin.password (line 11): give one of them"],
  },
  {
    rule: "threshold under both of its names",
    add: "[general]\nmirror_failure_threshold = 5\nmirror_error_threshold = 5",
    lines: [
      "11: general.mirror_failure_threshold: contradicts general.mirror_error_threshold (line 12): give one of them",
    ],
  },

  // readiness
  {
    rule: "window that is none",
    add: '[readiness]\nwindows = [\n  "24h",\n  "always",\n]',
    lines: ['13: readiness.windows[1]: expected a duration such as 30s, 15m, 24h, 7d or 2w, or "all", got "always"'],
  },
  {
    rule: "one window twice",
    add: '[readiness]\nwindows = ["all", "all"]',
    lines: ['11: readiness.windows[1]: "all" is in the list twice'],
  },

  // who may log in
  {
    rule: "userlist without users",
    add: '[general]\nauth = "userlist"',
    lines: ['11: general.auth: "userlist" needs at least one [[users]] entry, but there is none'],
  },
  {
    rule: "user of a userlist without a password",
    add: '[[users]]\nname = "app"\n[general]\nauth = "userlist"',
    lines: [
      '11: users[0].name: expected one of password, password_file and scram_verifier, but there is none, and auth = "userlist" lets nobody in without',
    ],
  },
  {
    rule: "password and verifier of one user",
    add: `[[users]]\nname = "app"\nscram_verifier = "${VERIFIER}"\npassword = "hunter2"`,
    lines: ["12: users[0].scram_verifier: contradicts users[0].password (line 13): give one of them"],
  },
  ...[
    ["without iterations", VERIFIER.replace("4096:", "")],
    ["with no iterations", VERIFIER.replace("4096", "0")],
    ["with too many iterations", VERIFIER.replace("4096", "2147483648")],
    ["without a salt", VERIFIER.replace(/:[^$]+\$/, ":$")],
    ["with a short key", VERIFIER.replace(/.{4}$/, "")],
    ["of MD5", "md53175bce1d3201d16594cebf9d7eb3f9d"],
    ["with a line end", `${VERIFIER}\\n`],
  ].map(([what, verifier]) => ({
    rule: `verifier ${what}, not shown`,
    add: `[[users]]\nname = "app"\nscram_verifier = "${verifier}"`,
    lines: [
      "12: users[0].scram_verifier: expected a verifier as PostgreSQL stores it, SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey, got a value (string) that is not shown",
    ],
  })),
  {
    rule: "database of a user that there isn't",
    add: '[[users]]\nname = "a"\npassword = "x"\ndatabases = ["app", "ap", "*"]',
    lines: [
      '13: users[0].databases[1]: no [[databases]] entry has the name "ap", and none is "*" (did you mean "app"?)',
      '13: users[0].databases[2]: expected the name of a database, got "*": leave the list out for every database',
    ],
  },
  {
    rule: "login by a verifier alone",
    toml: `${BASE.replace('"db1"', '"db1"\nuser = "owner"')}[[users]]\nname = "owner"\nscram_verifier = "${VERIFIER}"\n[general]\nauth = "userlist"`,
    lines: [
      `4: databases[0].user: "owner" needs a password here: its entry users[0].name (line 12) has a scram_verifier alone, which can't log in to a server`,
    ],
  },
];

describe("a mistake is named with its place, its key, its value and what was expected", () => {
  test.for(cases)("$rule", ({ toml, add = "", env, lines }) => {
    using folder = new ConfigFolder();
    expect(folder.mistakes(toml ?? BASE + add, env)).toEqual(lines.map((line) => `pgsoak.toml:${line}`));
  });
});

test("all mistakes are reported at once, by line, those of the environment last", () => {
  using folder = new ConfigFolder();
  const toml = `${BASE}[api]\nport = 0\n[general]\nprot = 1\nhost = ""\n`;
  const env = { PGSOAK__EVENTS__FLUSH_MS: "soon", PGSOAK__ADMIN__PORT: "70000" };
  expect(folder.mistakes(toml, env)).toEqual([
    "pgsoak.toml:11: api.port: expected an integer from 1 to 65535, got 0",
    'pgsoak.toml:13: general.prot: unknown key (did you mean "port"?)',
    'pgsoak.toml:14: general.host: expected a host name or an address, got ""',
    "PGSOAK__ADMIN__PORT: admin.port: expected an integer from 1 to 65535, got 70000",
    'PGSOAK__EVENTS__FLUSH_MS: events.flush_ms: expected an integer from 1 to 1000, got "soon"',
  ]);
});

test("no mistake shows a secret, wherever it was put", () => {
  using folder = new ConfigFolder();
  const secrets = ["hunter:@/%\"'2", "line one\nline two"];
  for (const secret of secrets) {
    const written = JSON.stringify(secret);
    const toml = `[[databases]]\nname = 5\npassword = [${written}]\npasword = ${written}\n[api]\ntoken = { a = ${written} }`;
    const message = folder
      .mistakes(toml, { PGSOAK__API__TOKNE: secret, PGSOAK__USERS__0__PASSWORD: secret })
      .join("\n");
    expect(message).not.toMatch(/hunter|line one|line two/);
    expect(message).toContain(
      "databases[0].password: expected a password in quotes, got a value (array) that is not shown",
    );
  }
});

test("a syntax error beside a secret quotes no line of the file", () => {
  using folder = new ConfigFolder();
  const message = folder.mistakes('[api]\ntoken = "hunter2"\nport = = 5\n').join("\n");
  expect(message).toBe("pgsoak.toml:3:8: not valid TOML: invalid value");
});
