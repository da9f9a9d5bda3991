// Pictures of the dashboard over logs that look real: `node test/browser/screenshots.ts FOLDER [STAGE…]`. dashboard.png and
// dashboard-phone.png, of the stage not_ready, are those of the documents.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launchChromium, WatchedPage } from "./chromium.ts";
import { indexedPng } from "./indexed-png.ts";
import { openStage, type Stage } from "./stages.ts";

const [folder = "screenshots", ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
await using browser = await launchChromium();

interface Shot {
  readonly name: string;
  readonly path?: string;
  readonly width?: number;
  readonly height?: number;
  /** CSS pixels to those of the picture. */
  readonly scale?: number;
  /** For the documents: few bytes. */
  readonly small?: boolean;
  readonly dark?: boolean;
  readonly full?: boolean;
  readonly act?: (page: Page) => Promise<void>;
}

async function shoot(stage: Stage, shots: readonly Shot[]): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(stage)) return;
  await using api = await openStage(stage);
  for (const shot of shots) {
    const { name, path = "/", width = 1440, height = width < 600 ? 844 : 900 } = shot;
    const { scale = 1, dark = false, full = true, small = false, act } = shot;
    const options = {
      viewport: { width, height },
      deviceScaleFactor: scale,
      colorScheme: dark ? "dark" : "light",
    } as const;
    await using watched = await WatchedPage.open(browser, `http://127.0.0.1:${api.port}`, options);
    const { page } = watched;
    await page.goto(path);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.locator('#live[data-state="live"]').waitFor();
    await page.waitForTimeout(700);
    await act?.(page);
    const png = await page.screenshot({ fullPage: full });
    writeFileSync(join(folder, `${name}.png`), small ? indexedPng(png) : png);
    if (watched.complaints.length > 0) console.log(name, watched.complaints);
  }
}

const openFirst = async (page: Page): Promise<void> => {
  await page.locator(".sql").first().click();
  await page.locator("dialog[open] .counts").waitFor();
};

await shoot("not_ready", [
  { name: "not-ready" },
  { name: "not-ready-dark", dark: true },
  { name: "not-ready-narrow", width: 390 },
  { name: "drill-down", full: false, act: openFirst },
  { name: "dashboard", full: false, height: 1736, scale: 0.9, small: true },
  { name: "dashboard-phone", width: 390, full: false, small: true, scale: 1.5 },
  { name: "drill-down-slow", path: "/?sort=ratio", full: false, act: openFirst },
  { name: "what-if", path: "/?mirror_max_error_rate=0.05&max_latency_ratio=3", full: false },
  {
    name: "tooltip",
    act: async (page) => {
      await page.locator("#chart-latency .u-over").hover({ position: { x: 300, y: 60 } });
      await page.waitForTimeout(200);
    },
  },
]);
if (wanted.length === 0 || wanted.includes("login")) {
  await using api = await openStage("empty", { api: 'token = "secret"' });
  await using watched = await WatchedPage.open(browser, `http://127.0.0.1:${api.port}`);
  await watched.page.goto("/");
  await watched.page.screenshot({ path: join(folder, "login.png") });
}
await shoot("ready", [{ name: "ready" }, { name: "ready-narrow", width: 390, dark: true }]);
await shoot("inconclusive", [{ name: "inconclusive", full: false }]);
await shoot("empty", [{ name: "empty", full: false }]);
