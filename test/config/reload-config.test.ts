import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { reloadConfig } from "../../src/config/reload-config.ts";

const BASE = `
[[databases]]
name = "main"
host = "10.0.0.1"

[[databases]]
name = "candidate"
host = "10.0.0.2"
user = "mirror"
password = "first secret"

[[mirroring]]
source_db = "main"
destination_db = "candidate"
`;

const parse = (text: string): Config => parseConfig(text, { file: null, env: {} });
const reload = (text: string) => reloadConfig(parse(BASE), parse(text));

describe("a configuration that is read again", () => {
  test("changes nothing when it says the same", () => {
    expect(reload(BASE)).toMatchObject({ changed: [], needRestart: [], config: parse(BASE) });
  });

  test("takes effect where that is possible and names the rest", () => {
    const { config, changed, needRestart } = reload(
      `[general]\nmirror_exposure = 0.5\nport = 7000\nmirror_read_only = true\n[events]\npath = "other.db"\n${BASE}`,
    );
    expect(changed).toEqual(["general.mirror_exposure: 1 -> 0.5", 'mirroring "candidate".exposure: 1 -> 0.5']);
    expect(needRestart).toEqual([
      "general.port: 6432 -> 7000",
      "general.mirror_read_only: false -> true",
      'mirroring "candidate".read_only: false -> true',
      expect.stringMatching(/^events\.path: ".*pgsoak\.db" -> ".*other\.db"$/),
    ]);
    expect(config.general).toMatchObject({ port: 6432, mirroringDefaults: { exposure: 0.5, readOnly: false } });
  });

  test("names a secret that changed and shows neither side of it", () => {
    const { config, changed } = reload(BASE.replace("first secret", "second secret"));
    expect(changed).toEqual(['databases "candidate".password']);
    expect(config.databases[1]?.password).toBe("second secret");
  });

  test.each([
    ["host", 'host = "10.0.0.9"'],
    ["port", 'host = "10.0.0.2"\nport = 5433'],
  ])("keeps a server's credentials and TLS where its %s waits for a restart", (_key, moved) => {
    const text = BASE.replace('host = "10.0.0.2"', `${moved}\ntls = "disable"`).replace("first", "second");
    const { config, changed, needRestart } = reload(text.replace('"mirror"', '"other"'));
    expect(config.databases).toEqual(parse(BASE).databases);
    expect(changed).toEqual([]);
    expect(needRestart).toHaveLength(4);
    expect(needRestart).toContain('databases "candidate".password');
    expect(needRestart).toContain('databases "candidate".tls: "prefer" -> "disable"');
    expect(needRestart).toContain('databases "candidate".user: "mirror" -> "other"');
  });

  test("says when a secret was not set before", () => {
    const { changed } = reload(`[api]\ntoken = "a-secret-token"\n${BASE}`);
    expect(changed).toEqual(['api.token: not set -> "********"']);
  });

  test("keeps databases and mirrorings in their order, whatever was added, removed or moved", () => {
    const [main = "", candidate = "", mirroring = ""] = BASE.split(/(?=\n\[\[)/);
    const third = '\n[[databases]]\nname = "third"\nhost = "10.0.0.3"\n';
    const moved = reload(
      `${candidate}${main}${third}${mirroring.replace("\n[[mirroring]]", '\n[[mirroring]]\nlevel = "reads"')}`,
    );
    expect(moved.config.databases.map(({ name }) => name)).toEqual(["main", "candidate"]);
    expect(moved.changed).toEqual(['mirroring "candidate".level: "all" -> "reads"']);
    expect(moved.needRestart).toContain('databases "third".host: not set -> "10.0.0.3"');
    const gone = reload(`${main}${candidate}`);
    expect(gone.config.mirrorings).toHaveLength(1);
    expect(gone.needRestart).toContain('mirroring "candidate".source_db: "main" -> not set');
  });
});
