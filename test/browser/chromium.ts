// Debian's Chromium by playwright-core: one for a test file, a context of its own for each page.

import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** So that what never comes is told by its name, and not by the end of the test. */
const ACTION_MS = 25_000;
/** A browser on a machine that has much else to do takes its time. */
export const BROWSER_TEST_MS = 90_000;
const EXECUTABLE = "/usr/bin/chromium";

/** Whether these tests can run; where they must, a missing browser is a failure of theirs. */
export const hasChromium = existsSync(EXECUTABLE) || process.env["REQUIRE_BROWSER"] === "1";

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page, and what it did that no page of ours may do. */
export class WatchedPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, breaches of the Content-Security-Policy, requests to other hosts. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext | null;

  private constructor(page: Page, origin: string, context: BrowserContext | null) {
    this.page = page;
    this.#context = context;
    page.setDefaultTimeout(ACTION_MS);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`exception: ${error.message}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.complaints.push(`request to ${request.url()}`);
    });
  }

  /** In a context of its own, which ends with it. */
  static async open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options, baseURL: origin });
    return new WatchedPage(await context.newPage(), origin, context);
  }

  /** In a context that others use too, whose cache it shares. */
  static async openIn(context: BrowserContext, origin: string): Promise<WatchedPage> {
    return new WatchedPage(await context.newPage(), origin, null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#context ?? this.page).close();
  }
}
