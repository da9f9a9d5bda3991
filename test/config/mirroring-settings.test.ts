import { expect, test } from "vitest";
import { mirroringSettings } from "../../src/config/mirroring-settings.ts";
import { parseConfig } from "../../src/config/parse-config.ts";

const BASE = `
[[databases]]
name = "*"
host = "primary.example"
[[databases]]
name = "candidate"
host = "mirror.example"
port = 5433
`;

function settingsOf(lines: string, general = "", base = BASE): Record<string, string> {
  const text = `[general]\n${general}\n${base}\n[[mirroring]]\nsource_db = "*"\ndestination_db = "candidate"\n${lines}`;
  const config = parseConfig(text, { file: null, env: {}, cwd: "/tmp" });
  return mirroringSettings(config, config.mirrorings[0]!);
}

test("address, level, filters and comparison are settings that begin an epoch", () => {
  const before = settingsOf("");
  expect(before).toMatchObject({ mirror: "mirror.example:5433/*", level: "all", compare: "rows", include_users: "[]" });
  const changes = [
    ['level = "dml"', "level"],
    ['compare = "content"', "compare"],
    ["read_only = true", "read_only"],
    ['exclude_users = ["batch"]', "exclude_users"],
    ['include_databases = ["app"]', "include_databases"],
    ['exclude_applications = ["psql"]', "exclude_applications"],
    ['include_statements = ["^select"]', "include_statements"],
  ];
  for (const [line, name] of changes) {
    const after = settingsOf(line!);
    expect(Object.keys(after).filter((key) => after[key] !== before[key])).toEqual([name]);
  }
  expect(settingsOf("", "", BASE.replace("5433", "5434"))["mirror"]).toBe("mirror.example:5434/*");
  expect(settingsOf("", 'mirror_level = "ddl"')["level"]).toBe("ddl");
});

test("exposure, queues, connections, timeouts, passwords and the order of a list are not", () => {
  const before = settingsOf('exclude_users = ["a", "b"]');
  const other =
    'exclude_users = ["b", "a"]\nexposure = 0.5\nexposure_unit = "session"\nqueue_length = 5\nconnections = 2\ntimeout_ms = 9';
  expect(settingsOf(other, "", `${BASE}user = "x"\npassword = "hunter2"\n`)).toEqual(before);
});
