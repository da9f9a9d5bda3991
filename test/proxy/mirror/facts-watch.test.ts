import { expect, test } from "vitest";
import { startPostgres } from "../../../src/demo/postgres-server.ts";
import { withClient } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

test("a mirror that comes back with another setting begins an epoch, the first sight of it does not", async () => {
  await using primary = await startPostgres({ major: 16 });
  await using mirror = await startPostgres({ major: 18 });
  await using proxy = await startInlineProxy(mirrorTables(primary, mirror));
  const login = { user: "postgres", database: "postgres" };
  const runOne = async (): Promise<void> => {
    await using raw = await RawClient.login(proxy, login);
    await raw.exchange(query("SELECT 1"));
  };

  await runOne();
  await waitFor(async () => (await proxy.eventsOf("mirror_seen")).length === 2, { message: "it was seen" });
  const seen = await proxy.eventsOf("mirror_seen");
  expect(seen.find(({ database }) => database === null)?.facts).toMatchObject({
    server_version: expect.stringMatching(/^18/),
    random_page_cost: "4",
  });
  expect(await proxy.eventsOf("epoch_started")).toEqual([]);

  await withClient({ host: mirror.host, port: mirror.port, ...login }, async (client) => {
    await client.query("ALTER SYSTEM SET random_page_cost = 1.5");
    await client.query("ALTER DATABASE postgres SET work_mem = '9MB'");
    await client.query("ALTER DATABASE postgres SET app.secret = 'nobody''s business'");
  });
  await mirror.shutDown();
  await mirror.restart();
  const changes = async (): Promise<string[]> => {
    await runOne();
    return (await proxy.eventsOf("epoch_started")).map(({ what, before, after }) => `${what}: ${before} -> ${after}`);
  };
  await waitFor(async () => (await changes()).length > 0, { timeoutMs: 20_000, message: "an epoch began" });
  expect(await changes()).toContain("random_page_cost: 4 -> 1.5");
  expect(JSON.stringify(await proxy.eventsOf("mirror_seen"))).not.toContain("nobody");
});
