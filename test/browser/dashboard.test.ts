// The dashboard in a real browser: over a log that looks real, and over a service whose mirror dies.

import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiFixture } from "../api/api-fixture.ts";
import { dropped, errored, mirrored, queued, runStarted, tallied } from "../projections/facts.ts";
import { BROWSER_TEST_MS, hasChromium, launchChromium, WatchedPage } from "./chromium.ts";
import { FOCUSED, HEADING_LEVELS, LOW_CONTRAST, NAMELESS, TOO_WIDE } from "./page-checks.ts";
import { HOSTILE } from "./soak-log.ts";
import { openStage } from "./stages.ts";

if (!hasChromium) console.log("No /usr/bin/chromium: the tests of the dashboard in a browser are left out.");

describe.runIf(hasChromium)("the dashboard in Chromium", { timeout: BROWSER_TEST_MS }, () => {
  let browser: Browser;
  let soak: ApiFixture;
  let origin: string;
  let shared: BrowserContext;

  beforeAll(async () => {
    [browser, soak] = await Promise.all([launchChromium(), openStage("not_ready", { requestsPerHour: 500 })]);
    origin = `http://127.0.0.1:${soak.port}`;
    shared = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: origin });
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), soak?.[Symbol.asyncDispose]()]);
  });

  /** A page over the soak; with options of its own it shares nothing. */
  async function open(path = "/", options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched =
      options === undefined
        ? await WatchedPage.openIn(shared, origin)
        : await WatchedPage.open(browser, origin, options);
    await watched.page.goto(path);
    return watched;
  }

  async function openOver(api: ApiFixture, path = "/"): Promise<WatchedPage> {
    const watched = await WatchedPage.open(browser, `http://127.0.0.1:${api.port}`);
    await watched.page.goto(path);
    return watched;
  }

  /** Waits until every part has been filled. */
  async function filled(page: Page): Promise<void> {
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.locator('#live[data-state="live"]').waitFor();
  }

  /** The query of the next question about readiness that `act` leads to. */
  async function questionAfter(page: Page, act: () => Promise<unknown>): Promise<URLSearchParams> {
    const [request] = await Promise.all([page.waitForRequest(/\/readiness\?|\/readiness$/), act()]);
    return new URL(request.url()).searchParams;
  }

  test("the page is filled without an error, a request elsewhere or a breach of its policy", async () => {
    await using watched = await open();
    const { page, complaints } = watched;
    await filled(page);
    expect(await page.locator("h1").textContent()).toContain("Not ready");
    expect(await page.title()).toBe("Not ready · pgsoak");
    expect(await page.locator(".criterion").count()).toBe(12);
    expect(await page.locator(".criterion").first().getAttribute("data-status")).toBe("fail");
    expect(await page.locator(".criterion .bar").count()).toBeGreaterThan(8);
    expect(await page.locator("#reasons li").count()).toBeGreaterThan(1);
    expect(await page.locator("#observed .track i").count()).toBe(2);
    expect(await page.locator("#notes").textContent()).toContain("Nightly VACUUM FREEZE");
    expect(await page.locator("#mirrorings").textContent()).toContain("4 of 1,200 queued");
    expect(complaints).toEqual([]);
  });

  test("the first paint waits for nothing, and shows the verdict that is known", async () => {
    await using first = await open();
    await filled(first.page);
    await using watched = await WatchedPage.openIn(shared, origin);
    const { page } = watched;
    // Nothing is answered any more but the page and its files.
    await page.route(/\/(?:readiness|history|statements|status|observations|markers|epochs)(?:\?|$)/, () => {});
    await page.goto("/");
    expect(await page.locator("h1").textContent()).toContain("Not ready");
    expect(await page.locator('[data-field="tag"]').textContent()).toBe("Last known, asking anew");
  });

  test("a window and a selection go into the address and the questions, and a reload keeps them", async () => {
    await using watched = await open();
    const { page } = watched;
    await filled(page);
    for (const window of ["1h", "6h", "24h", "7d", "30d"]) {
      const question = await questionAfter(page, () => page.getByRole("radio", { name: window }).check());
      expect(question.get("window")).toBe(window);
      expect(new URL(page.url()).searchParams.get("window")).toBe(window);
    }
    await questionAfter(page, () => page.getByLabel("Database").selectOption("billing"));
    const question = await questionAfter(page, () => page.getByLabel("Mirroring").selectOption("pg18-candidate"));
    expect(question.toString()).toBe("window=30d&mirroring=pg18-candidate&database=billing");
    await page.reload();
    await filled(page);
    expect(await page.getByRole("radio", { name: "30d" }).isChecked()).toBe(true);
    expect(await page.getByLabel("Database").inputValue()).toBe("billing");
    await questionAfter(page, () => page.goBack());
    expect(await page.getByLabel("Mirroring").inputValue()).toBe("");
    await questionAfter(page, () => page.getByRole("radio", { name: "All" }).check());
    expect(new URL(page.url()).searchParams.has("window")).toBe(false);
    expect(watched.complaints).toEqual([]);
  });

  test("a window of one's own has a beginning and an end, by hand or by dragging over a chart", async () => {
    await using watched = await open("/", { timezoneId: "Asia/Kolkata" });
    const { page } = watched;
    await filled(page);
    await page.getByRole("radio", { name: "Custom" }).check();
    await page.getByLabel("From").fill("2026-01-02T03:04:05");
    await page.getByLabel("To", { exact: true }).fill("2026-01-02T04:00:00");
    const byHand = await questionAfter(page, () => page.getByRole("button", { name: "Show" }).click());
    expect([byHand.get("from"), byHand.get("to")]).toEqual(["2026-01-01T21:34:05Z", "2026-01-01T22:30:00Z"]);
    await questionAfter(page, () => page.getByRole("radio", { name: "All" }).check());
    await filled(page);
    await page.locator("#chart-requests").scrollIntoViewIfNeeded();
    const box = (await page.locator("#chart-requests .u-over").boundingBox())!;
    await page.mouse.move(box.x + 60, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 60, { steps: 4 });
    const dragged = await questionAfter(page, () => page.mouse.up());
    const seconds = Number(dragged.get("to")) - Number(dragged.get("from"));
    expect(seconds).toBeGreaterThan(3600);
    expect(await page.getByRole("radio", { name: "Custom" }).isChecked()).toBe(true);
    expect(await page.getByLabel("From").inputValue()).not.toBe("");
    expect(watched.complaints).toEqual([]);
  });

  test("a chart has a tooltip, a legend that switches series, and a table", async () => {
    await using watched = await open();
    const { page } = watched;
    await filled(page);
    await page.locator("#chart-latency .u-over").hover({ position: { x: 200, y: 80 } });
    const tooltip = page.locator("#chart-latency .tooltip");
    await tooltip.waitFor();
    expect(await tooltip.textContent()).toMatch(/mirror p99.* ms.*primary p50.* ms/);
    await page.locator("#chart-requests .plot").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator("#chart-requests .tooltip").waitFor();
    const series = page.locator("#chart-errors").getByRole("button", { name: "query" });
    await series.click();
    expect(await series.getAttribute("aria-pressed")).toBe("false");
    await page.locator("#chart-errors summary").click();
    const table = page.locator("#chart-errors table").last();
    expect(await table.locator("thead").textContent()).toBe("Fromqueryconnectiontimeoutbuffer full");
    expect(await table.locator("tbody tr").count()).toBeGreaterThan(100);
    expect(watched.complaints).toEqual([]);
  });

  test("statements are sorted by what is asked for, and one opens with errors, latencies, parity and place", async () => {
    await using watched = await open();
    const { page } = watched;
    await filled(page);
    expect(await page.locator(".sql").first().textContent()).toContain("pg_stat_bgwriter");
    await page.getByRole("button", { name: "Regressions" }).click();
    await page.locator('th[aria-sort="descending"]', { hasText: "Mirror ÷ primary" }).waitFor();
    expect(await page.locator(".sql").first().textContent()).toContain("date_trunc");
    expect(new URL(page.url()).searchParams.get("sort")).toBe("ratio");
    await page.locator("#statements").getByRole("button", { name: "Calls" }).click();
    await page.locator('th[aria-sort="descending"]', { hasText: "Calls" }).waitFor();
    await page.getByRole("button", { name: "Errors" }).first().click();
    await page.locator('th[aria-sort="descending"]', { hasText: "Errors" }).waitFor();
    await page.locator(".sql").first().focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    const text = (await dialog.textContent()) ?? "";
    for (const part of [
      "42703",
      'column "checkpoints_timed" does not exist',
      "Failed on the mirror alone",
      "billing",
    ]) {
      expect(text).toContain(part);
    }
    expect(await page.evaluate<string[]>(NAMELESS)).toEqual([]);
    const address = page.url();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(await page.evaluate<string>(FOCUSED)).toContain("pg_stat_bgwriter");
    await page.goto(address);
    await dialog.locator(".counts").waitFor();
    expect(watched.complaints).toEqual([]);
  });

  test("a statement that looks like markup is text", async () => {
    await using watched = await open();
    const { page } = watched;
    await filled(page);
    const hostile = page.locator(".sql", { hasText: "<script>" });
    expect(await hostile.textContent()).toBe(
      HOSTILE.replace("SELECT id FROM", "select id from").replace("WHERE", "where"),
    );
    await hostile.click();
    await page.locator("dialog[open] pre", { hasText: "<script>" }).waitFor();
    expect(await page.title()).toBe("Not ready · pgsoak");
    expect(await page.locator("main script, dialog script").count()).toBe(0);
    expect(watched.complaints).toEqual([]);
  });

  test("other thresholds change this view alone, are marked, kept in the address and checked", async () => {
    await using watched = await open();
    const { page } = watched;
    await filled(page);
    await page.getByText("What if the thresholds were others?").click();
    await page.getByLabel("Error rate, at most").fill("0.5");
    await page.getByLabel("Requests selected, at least").fill("off");
    const question = await questionAfter(page, () => page.getByRole("button", { name: "Ask what if" }).click());
    expect(question.toString()).toBe("mirror_max_error_rate=0.5&mirror_min_requests=off");
    await page.locator('[data-criterion="error_rate"][data-status="pass"]').waitFor();
    expect(await page.locator('[data-field="tag"]').textContent()).toContain("the stored policy stays");
    expect(await page.title()).toMatch(/^What if: /);
    await page.reload();
    await page.locator('[data-criterion="requests"][data-status="off"]').waitFor();
    expect(await page.getByLabel("Error rate, at most").inputValue()).toBe("0.5");
    await page.getByLabel("Error rate, at most").fill("many");
    await page.getByRole("button", { name: "Ask what if" }).click();
    await page.getByText('mirror_max_error_rate is "many"').first().waitFor();
    expect(await page.getByLabel("Error rate, at most").getAttribute("aria-invalid")).toBe("true");
    const back = await questionAfter(page, () =>
      page.getByRole("button", { name: "Back to the stored policy" }).click(),
    );
    expect(back.toString()).toBe("");
    await page.locator('[data-criterion="error_rate"][data-status="fail"]').waitFor();
    expect(await page.locator('[data-field="tag"]').isHidden()).toBe(true);
    // The browser itself writes the answer 400 to its console.
    expect(watched.complaints.filter((text) => !text.includes("status of 400"))).toEqual([]);
  });

  test("a note that is added stands on the time line, and who wrote it is remembered", async () => {
    await using api = await openStage("empty");
    await using watched = await openOver(api);
    const { page } = watched;
    await filled(page);
    await page.getByText("What if the thresholds were others?").click();
    await page.getByLabel("Drop rate, at most").fill("0.2");
    await page.getByLabel("Add a note").fill("Vacuum <b>began</b>");
    await page.getByLabel("Your name").fill("ines");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.locator("#notes", { hasText: "Vacuum <b>began</b> ines" }).waitFor();
    // What is being filled in stays through a refresh.
    expect(await page.getByLabel("Drop rate, at most").inputValue()).toBe("0.2");
    await page.reload();
    expect(await page.getByLabel("Your name").inputValue()).toBe("ines");
    api.live.recordingStatus = { state: "broken", cause: "disk full" };
    await page.getByRole("alert").filter({ hasText: "Nothing is recorded" }).waitFor();
    await page.getByLabel("Add a note").fill("another");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("Not added: disk full.").waitFor();
    expect(watched.complaints.filter((text) => !text.includes("status of 503"))).toEqual([]);
  });

  test("where there is nothing yet the page says what to do", async () => {
    await using api = await openStage("empty");
    await using watched = await openOver(api);
    const { page } = watched;
    await filled(page);
    const said = (): Promise<string | null> => page.locator("#notices").textContent();
    await page.locator("#notices", { hasText: "No traffic" }).waitFor();
    expect(await said()).toContain("psql -h 127.0.0.1 -p 6432");
    api.live.rebuildingStatus = { projection: "rollups", done: 250, of: 1000 };
    await page.locator("#notices", { hasText: "25%, 250 of 1,000 events" }).waitFor();
    await using plain = await openStage("empty", { tables: "" });
    plain.live.states.length = 0;
    await using other = await openOver(plain);
    await other.page.locator("#notices", { hasText: "No mirroring is configured" }).waitFor();
    expect([...watched.complaints, ...other.complaints]).toEqual([]);
  });

  test("what can't be asked is said with the field that is wrong, and no verdict is made up", async () => {
    await using watched = await open("/?window=banana");
    const { page } = watched;
    await page.getByRole("alert").filter({ hasText: 'window is "banana"' }).waitFor();
    await page.locator("h1", { hasText: "No answer" }).waitFor();
    expect(await page.locator("#verdict").getAttribute("data-verdict")).toBe("UNKNOWN");
    await questionAfter(page, () => page.getByRole("radio", { name: "All" }).check());
    await page.locator("h1", { hasText: "Not ready" }).waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    expect(watched.complaints.filter((text) => !text.includes("status of 400"))).toEqual([]);
  });

  test("colours have contrast in both themes, and the choice is kept without a flash of the other", async () => {
    await using watched = await open("/?mirror_max_error_rate=0.5", { colorScheme: "dark" });
    const { page } = watched;
    await filled(page);
    expect(await page.evaluate<string[]>(LOW_CONTRAST)).toEqual([]);
    await page.getByRole("button", { name: /^Colours/ }).click();
    expect(await page.evaluate<string[]>(LOW_CONTRAST)).toEqual([]);
    expect(await (await page.request.get("/")).text()).toContain('<html lang="en" data-theme="light">');
    await page.reload();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
    expect(watched.complaints).toEqual([]);
  });

  test("everything has a name, headings are in order, and the keyboard goes from top to bottom", async () => {
    await using watched = await open();
    const { page } = watched;
    await filled(page);
    expect(await page.evaluate<string[]>(NAMELESS)).toEqual([]);
    const levels = await page.evaluate<number[]>(HEADING_LEVELS);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.every((level, index) => level <= (levels[index - 1] ?? 1) + 1)).toBe(true);
    const order: string[] = [];
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate<string>(FOCUSED));
    }
    const expected = [
      "Skip to the verdict",
      "window",
      "Mirroring",
      "Database",
      "live",
      "Colours: as the system has them",
    ];
    expect(order.slice(0, 6)).toEqual(expected);
    expect(await page.locator("#announcer").textContent()).toMatch(/^Not ready, confidence \d+ of 100$/);
  });

  test("on a phone nothing is cut off, and on paper there are no controls", async () => {
    await using watched = await open("/", { viewport: { width: 390, height: 844 } });
    const { page } = watched;
    await filled(page);
    expect(await page.evaluate<string[]>(TOO_WIDE)).toEqual([]);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(390);
    await page.locator(".sql").first().click();
    expect(await page.evaluate<string[]>(TOO_WIDE)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#view, #live, #note").filter({ visible: true }).count()).toBe(0);
    expect(watched.complaints).toEqual([]);
  });

  test.each([390, 900])("names of any length fit into a window %i pixels wide", async (width) => {
    const mirroring = `candidate of the other data centre ${"x".repeat(60)}`;
    const database = "d".repeat(63);
    await using api = await openStage("empty", { tables: "" });
    const lane = api.events.lanes.register(mirroring, database);
    const at = Date.now() * 1000 - 5_000_000;
    const requests = [1, 2, 3].flatMap((request) => [
      queued(at, { request, lane }),
      request === 1
        ? errored(at, { request, lane, sqlstate: "42P01", message: `relation "${"r".repeat(60)}" does not exist` })
        : mirrored(at, { request, lane, mirrorUs: request ** 9 }),
    ]);
    const run = runStarted(at, { mirrorings: [{ name: mirroring, settings: {}, exposure: 1 }] });
    api.events.appendBatch([run, ...requests, tallied(at, 3, { lane })]);
    await using watched = await WatchedPage.open(browser, `http://127.0.0.1:${api.port}`, {
      viewport: { width, height: 900 },
    });
    await watched.page.goto("/");
    await filled(watched.page);
    await watched.page.locator(".criterion .detail .where", { hasText: database }).first().waitFor();
    expect(await watched.page.evaluate<string[]>(TOO_WIDE)).toEqual([]);
    expect(await watched.page.evaluate<number>("document.documentElement.scrollWidth")).toBe(width);
    expect(watched.complaints).toEqual([]);
  });

  test("errors, drops and what only follows from an earlier error are told apart", async () => {
    await using api = await openStage("empty");
    const lane = api.events.lanes.register("pg18-candidate", "shop");
    const statement = api.events.statements.register("SELECT 1 FROM gone");
    const at = Date.now() * 1000 - 5_000_000;
    const run = runStarted(at, { mirrorings: [{ name: "pg18-candidate", settings: {}, exposure: 1 }] });
    const about = { lane, statement };
    api.events.appendBatch([
      run,
      ...[1, 2, 3, 4].map((request) => queued(at, { ...about, request })),
      errored(at, { ...about, request: 1, sqlstate: "42P01", message: 'relation "gone" does not exist' }),
      errored(at, { ...about, request: 2, sqlstate: "25P02", message: "aborted", attribution: "cascade" }),
      dropped(at, { ...about, request: 3, reason: "session_closed" }),
      mirrored(at, { ...about, request: 4 }),
      tallied(at, 4, { lane }),
    ]);
    await using watched = await openOver(api);
    const { page } = watched;
    await filled(page);
    const figure = page.locator("#figures li", { hasText: "Error rate" });
    expect(await figure.textContent()).toBe("Error rate, overall50.00%1 error, 1 drop, 1 consequence");
    expect(await page.locator(".sample").textContent()).toMatch(/^1 dropped · 1 × (?:42P01|25P02) /);
    await page.locator(".sql").click();
    expect(await page.locator("dialog .counts").textContent()).toContain("Errors2Of them consequences1Dropped1");
    const where = page.getByRole("dialog").locator("section", { hasText: "Where" }).locator("table");
    expect(await where.locator("thead").textContent()).toBe("MirroringDatabaseCallsErrorsDroppedDivergences");
    expect(await where.locator("tbody").textContent()).toBe("pg18-candidateshop4210");
  });

  test("with a token the page asks for it once, and no script sees the session", async () => {
    await using api = await openStage("empty", { api: 'token = "s3cret-token"' });
    await using watched = await openOver(api, "/?window=24h");
    const { page } = watched;
    expect(await page.evaluate<string[]>(NAMELESS)).toEqual([]);
    expect(await page.evaluate<string>(FOCUSED)).toBe("token");
    await page.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "This is not the token." }).waitFor();
    expect(await page.evaluate<string[]>(LOW_CONTRAST)).toEqual([]);
    await page.getByLabel("Token").fill("s3cret-token");
    await page.getByRole("button", { name: "Log in" }).click();
    await filled(page);
    expect(new URL(page.url()).search).toBe("?window=24h");
    expect(await page.evaluate<string>("document.cookie")).toBe("");
    await page.getByLabel("Add a note").fill("from a session");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.locator("#notes", { hasText: "from a session" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    expect((await page.request.get("/readiness")).status()).toBe(401);
    expect(watched.complaints.filter((text) => !text.includes("status of 401"))).toEqual([]);
  });
});
