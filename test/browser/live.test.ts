// The dashboard of a real service between two real servers, while its mirror dies and comes back.

import type { Client } from "pg";
import { describe, expect, test } from "vitest";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { createDatabase, withClient } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { startPgsoak } from "../helpers/start-pgsoak.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { BROWSER_TEST_MS, hasChromium, launchChromium, WatchedPage } from "./chromium.ts";

const HIDE = (isHidden: boolean): string =>
  `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
   document.dispatchEvent(new Event("visibilitychange"))`;

describe.runIf(hasChromium)("a page that is left open", { timeout: BROWSER_TEST_MS }, () => {
  test("follows requests, sees the mirror die and come back, and says when it follows nothing", async () => {
    await using database = await createDatabase("dashboard");
    await database.onBoth("CREATE TABLE item (id integer PRIMARY KEY)");
    await using mirror = await BreakableProxy.to(database.mirror);
    await using pgsoak = await startPgsoak(mirrorTables(database.primary, mirror));
    await using browser = await launchChromium();
    const origin = pgsoak.api("");
    await using watched = await WatchedPage.open(browser, origin);
    const { page, complaints } = watched;
    await page.goto("/");
    await page.locator("#notices", { hasText: `psql -h 127.0.0.1 -p ${pgsoak.proxy.port}` }).waitFor();

    const address = { ...pgsoak.proxy, user: "postgres", database: database.name };
    await withClient(address, async (client: Client) => {
      await client.query("SELECT count(*) FROM item");
      await page.locator("#figures li", { hasText: "1 seen" }).waitFor();
      await page.locator("#statements", { hasText: "select count(*) from item" }).waitFor();
      await page.locator("#notices", { hasText: "No traffic" }).waitFor({ state: "detached" });
      const state = page.locator('#mirrorings [data-mirroring="candidate"] .state');
      expect(await state.textContent()).toBe("Observing");

      await mirror.welcome("refuse");
      mirror.cut();
      await client.query("INSERT INTO item VALUES (1)");
      await page.locator("#mirrorings .state", { hasText: "Mirror down" }).waitFor();
      await page.getByRole("alert").filter({ hasText: "Mirror down: candidate" }).waitFor();
      await page.locator("#chart-errors .legend", { hasText: "connection1" }).waitFor();

      await mirror.welcome("relay");
      await waitFor(async () => {
        await client.query("SELECT 1");
        return (await state.textContent()) === "Observing";
      });
      await page.locator("#notes", { hasText: "mirror down" }).waitFor();

      const live = page.locator("#live");
      const words = page.locator('[data-field="live-words"]');
      await page.evaluate(HIDE(true));
      expect(await words.textContent()).toBe("Paused");
      await page.evaluate(HIDE(false));
      await page.locator("#live", { hasText: "Live" }).waitFor();
      await live.click();
      expect([await words.textContent(), await live.getAttribute("aria-pressed")]).toEqual(["Paused", "false"]);
      await live.click();
      await page.locator("#live", { hasText: "Live" }).waitFor();
    });
    expect(complaints).toEqual([]);

    const verdict = await page.locator("h1").textContent();
    await pgsoak.service.stop();
    await page
      .locator('#live[data-state="lost"] [data-field="live-words"]', { hasText: /^Disconnected, again in \d+ s$/ })
      .waitFor();
    expect(await page.locator("h1").textContent()).toBe(verdict);
  });
});
