import { expect, test } from "vitest";
import { createDatabase, mirror, primary, withClient } from "./clusters.ts";
import { RawClient } from "./frames.ts";

/** How many databases of this name there are on the primary and on the mirror. */
function databasesNamed(name: string): Promise<(number | null)[]> {
  return Promise.all(
    [primary(), mirror()].map((server) =>
      withClient({ ...server, database: "postgres" }, async (client) => {
        const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
        return rowCount;
      }),
    ),
  );
}

test("a test's database is on both servers, empty, and gone afterwards even while somebody uses it", async () => {
  let name: string;
  let forgotten: RawClient;
  {
    await using database = await createDatabase("Helper's own");
    ({ name } = database);
    expect(name).toMatch(/^helper_s_own_[0-9a-f]{8}$/);
    expect(await databasesNamed(name)).toEqual([1, 1]);
    await database.onBoth("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)");
    const version = "SELECT sum(n)::int AS sum, current_setting('server_version_num')::int / 10000 AS major FROM t";
    expect(await database.onPrimary(version)).toEqual([{ sum: 3, major: 16 }]);
    expect(await database.onMirror(version)).toEqual([{ sum: 3, major: 18 }]);
    forgotten = await RawClient.login(database.mirror, { user: "postgres", database: name });
  }
  await using _ = forgotten;
  expect(await databasesNamed(name)).toEqual([0, 0]);
});
