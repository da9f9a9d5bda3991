import { expect, test } from "vitest";
import { BASE, ConfigFolder } from "./config-folder.ts";

test("secrets come from files, without the line end at their end", () => {
  using folder = new ConfigFolder();
  folder.write("plain", "no line end");
  folder.write("unix", "p:@/%\"'w\n");
  folder.write("windows", "p-w\r\n");
  folder.write("two", "line one\nline two\n\n");
  const config = folder.load(`${BASE}[[users]]
name = "app"
password_file = "plain"
[[users]]
name = "report"
password_file = "./unix"
[api]
token_file = "windows"
[admin]
password_file = "${folder.path}/two"
`);
  expect(config.users.map(({ password }) => password)).toEqual(["no line end", "p:@/%\"'w"]);
  expect(config.api.token).toBe("p-w");
  expect(config.admin.password).toBe("line one\nline two\n");
});

test("a token from a file opens the API beyond loopback", () => {
  using folder = new ConfigFolder();
  folder.write("token", "t\n");
  expect(folder.load(`${BASE}[api]\nhost = "::"\ntoken_file = "token"`).api).toMatchObject({ host: "::", token: "t" });
});

test("a secret file that is missing, empty or a directory is a mistake, and nothing more is made of it", () => {
  using folder = new ConfigFolder();
  folder.write("empty", "\n");
  const toml = `${BASE}[[users]]
name = "app"
password_file = "missing"
[api]
host = "0.0.0.0"
token_file = "empty"
[admin]
host = "0.0.0.0"
password_file = "."
`;
  expect(folder.mistakes(toml)).toEqual([
    "pgsoak.toml:12: users[0].password_file: " +
      `cannot read the file: ENOENT: no such file or directory, open '${folder.path}/missing'`,
    'pgsoak.toml:15: api.token_file: the file "empty" is empty',
    "pgsoak.toml:18: admin.password_file: cannot read the file: EISDIR: illegal operation on a directory, read",
  ]);
});

test("a secret in a variable and its file in the configuration contradict each other", () => {
  using folder = new ConfigFolder();
  folder.write("token", "t\n");
  expect(folder.mistakes(`${BASE}[api]\ntoken_file = "token"`, { PGSOAK__API__TOKEN: "hunter2" })).toEqual([
    "pgsoak.toml:11: api.token_file: contradicts api.token (PGSOAK__API__TOKEN): give one of them",
  ]);
});
