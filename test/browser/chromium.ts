// Debian's Chromium by playwright-core: one for a test file, a context of its own for each page.

import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** So that what never comes is told by its name, and not by the end of the test. */
const ACTION_MS = 15_000;
const EXECUTABLE = "/usr/bin/chromium";

/** Whether these tests can run; where they must, a missing browser is a failure of theirs. */
export const hasChromium = existsSync(EXECUTABLE) || process.env["REQUIRE_BROWSER"] === "1";

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A page, and what it did that no page of ours may do. */
export class WatchedPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, breaches of the Content-Security-Policy, requests to other hosts. */
  readonly complaints: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`exception: ${error.message}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.complaints.push(`request to ${request.url()}`);
    });
  }

  static async open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await browser.newContext({ baseURL: origin, viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(ACTION_MS);
    return new WatchedPage(await context.newPage(), origin);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
