import { describe, expect, test } from "vitest";
import { Sessions } from "../../src/api/dashboard/sessions.ts";
import { runStarted } from "../projections/facts.ts";
import { BEGIN } from "../projections/watched-log.ts";
import { type ApiFixture, openApi } from "./api-fixture.ts";
import { openWatchedApi } from "./watched-api.ts";

const TOKEN = "s3cret-token";
const HTML = { headers: { accept: "text/html" } };

const openGuarded = (more = ""): Promise<ApiFixture> => openApi({ api: `token = "${TOKEN}"\n${more}` });

function logIn(api: ApiFixture, token: string, headers: Record<string, string> = {}, search = ""): Promise<Response> {
  return api.get("/login", {
    method: "POST",
    body: new URLSearchParams({ token, search }),
    redirect: "manual",
    headers,
  });
}

const cookieOf = (answer: Response): string => (answer.headers.get("set-cookie") ?? "").split(";", 1)[0]!;

async function sessionOf(api: ApiFixture): Promise<string> {
  const answer = await logIn(api, TOKEN);
  expect(answer.status).toBe(303);
  return cookieOf(answer);
}

/** Every address that the page loads something from. */
const addressesIn = (page: string): string[] => [...page.matchAll(/ (?:src|href)="([^"#]+)"/g)].map(([, url]) => url!);

test("the page and its files come from here, under a policy that lets nothing else in", async () => {
  await using api = await openApi();
  const answer = await api.get("/", HTML);
  expect(answer.status).toBe(200);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
  expect(answer.headers.get("x-frame-options")).toBe("DENY");
  expect(answer.headers.get("referrer-policy")).toBe("same-origin");
  const page = await answer.text();
  expect(page).not.toMatch(/ (?:style|on\w+)=|<style/);
  const addresses = addressesIn(page);
  expect(addresses.filter((address) => !address.startsWith("/"))).toEqual([]);
  const files = addresses.filter((address) => address.startsWith("/dashboard/"));
  expect(files.length).toBeGreaterThan(20);
  for (const file of new Set(files)) {
    const { status, headers } = await api.get(file);
    expect([file, status]).toEqual([file, 200]);
    expect(headers.get("cache-control")).toContain("immutable");
    expect(headers.get("content-type")).toMatch(/^(?:text\/(?:javascript|css); charset=utf-8|image\/svg\+xml)$/);
  }
});

test("a file of another version, and one that is none of the page's, is 404", async () => {
  await using api = await openApi();
  const file = addressesIn(await (await api.get("/", HTML)).text()).find((url) => url.endsWith("style.css")) ?? "";
  const paths = [
    file.replace(/\/\w+\//, "/other/"),
    `${file}x`,
    file.replace(/[^/]+$/, "tsconfig.json"),
    "/dashboard/",
  ];
  for (const path of [...paths, file.replace(/[^/]+$/, "..%2f..%2fpackage.json")]) {
    const answer = await api.get(path);
    expect([path, answer.status]).toEqual([path, 404]);
  }
});

test("the page is there with the verdict that was last given to the same question, before anything is asked", async () => {
  await using api = await openWatchedApi();
  const verdict = async (query: string): Promise<string | undefined> =>
    /data-verdict="(\w+)"/.exec(await (await api.get(`/${query}`, HTML)).text())?.[1];
  expect(await verdict("?window=5m")).toBe("UNKNOWN");
  await api.get("/readiness?window=5m&mirror_max_error_rate=1");
  expect(await verdict("?window=5m")).toBe("UNKNOWN");
  await api.get("/readiness?window=5m");
  expect(await verdict("?window=5m")).toBe("INCONCLUSIVE");
  expect(await verdict("?window=6m")).toBe("UNKNOWN");
  expect(await verdict("?window=5m&mirroring=pg18")).toBe("UNKNOWN");
  expect(await verdict("?window=5m&max_drop_rate=1")).toBe("UNKNOWN");
});

test("names that clients made up are text in the page", async () => {
  await using api = await openWatchedApi();
  api.events.lanes.register("pg18", '"><script>alert(1)</script>');
  api.events.appendBatch([runStarted(BEGIN + 1_000_000_000, { run: 3 })]);
  const page = await (await api.get("/", HTML)).text();
  expect(page).not.toContain("<script>alert");
  expect(page).toContain("&lt;script&gt;alert");
});

test("with a token the page is a form, and everything else is refused, until somebody has logged in", async () => {
  await using api = await openGuarded();
  const form = await (await api.get("/?window=24h", HTML)).text();
  expect(form).toContain('action="/login"');
  expect(form).toContain('value="?window=24h"');
  expect(form).not.toContain("data-verdict");
  expect((await api.get("/readiness")).status).toBe(401);
  const cookie = await sessionOf(api);
  expect((await api.get("/readiness", { headers: { cookie } })).status).toBe(200);
  expect(await (await api.get("/", { headers: { cookie } })).text()).toContain("data-verdict");
  expect((await api.get("/readiness", { headers: { cookie: `${cookie}x` } })).status).toBe(401);
});

test("the cookie is a random session that scripts can't read and other sites can't send, never the token", async () => {
  await using api = await openGuarded();
  const [one, other] = [await logIn(api, TOKEN), await logIn(api, TOKEN, { "x-forwarded-proto": "https" })];
  const text = one.headers.get("set-cookie") ?? "";
  expect(text).toMatch(/^pgsoak_session=[\w-]{43}; /);
  expect(text).toMatch(/; HttpOnly/);
  expect(text).toMatch(/; SameSite=Strict/);
  expect(text).not.toMatch(/; Secure/);
  expect(text).not.toContain(TOKEN);
  expect(other.headers.get("set-cookie")).toMatch(/; Secure/);
  expect(cookieOf(one)).not.toBe(cookieOf(other));
});

test("logging out ends the session", async () => {
  await using api = await openGuarded();
  const cookie = await sessionOf(api);
  const origin = `http://127.0.0.1:${api.port}`;
  const left = await api.get("/logout", { method: "POST", redirect: "manual", headers: { cookie, origin } });
  expect(left.status).toBe(303);
  expect((await api.get("/stats", { headers: { cookie } })).status).toBe(401);
});

test("after the login comes the page that was wanted, and no other place", async () => {
  await using api = await openGuarded();
  const target = async (search: string): Promise<string | null> =>
    (await logIn(api, TOKEN, {}, search)).headers.get("location");
  expect(await target("?window=24h&mirroring=pg18")).toBe("/?window=24h&mirroring=pg18");
  for (const search of ["", "//evil.example", "https://evil.example", "?a\r\nSet-Cookie: b=c", "?<script>"]) {
    expect([search, await target(search)]).toEqual([search, "/"]);
  }
});

test("a session writes from our own page only", async () => {
  await using api = await openGuarded();
  const cookie = await sessionOf(api);
  const write = async (headers: Record<string, string>): Promise<number> => {
    const body = JSON.stringify({ text: "a note" });
    const given = { "content-type": "application/json", ...headers };
    return (await api.get("/markers", { method: "POST", body, headers: given })).status;
  };
  const own = `http://127.0.0.1:${api.port}`;
  expect(await write({ cookie, origin: own, "sec-fetch-site": "same-origin" })).toBe(201);
  expect(await write({ cookie })).toBe(403);
  expect(await write({ cookie, origin: "http://evil.example" })).toBe(403);
  expect(await write({ cookie, origin: own, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await write({ origin: own })).toBe(401);
  expect(await write({ authorization: `Bearer ${TOKEN}` })).toBe(201);
});

test("another site's page can log nobody in or out", async () => {
  await using api = await openGuarded();
  expect((await logIn(api, TOKEN, { origin: "http://evil.example" })).status).toBe(403);
  const headers = { origin: "http://evil.example", cookie: await sessionOf(api) };
  expect((await api.get("/logout", { method: "POST", headers })).status).toBe(403);
});

test("wrong tokens are refused, counted and logged without the token, and then nobody may try for a while", async () => {
  await using api = await openGuarded("open_reads = true");
  const wrong = await logIn(api, "guess-1");
  expect(wrong.status).toBe(401);
  expect(wrong.headers.get("set-cookie")).toBeNull();
  expect(await wrong.text()).toContain("This is not the token");
  const others = await Promise.all(Array.from({ length: 9 }, (_, index) => logIn(api, `guess-${index}`)));
  expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 401));
  const late = await logIn(api, TOKEN);
  expect([late.status, late.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(await (await api.get("/metrics")).text()).toMatch(/^pgsoak_dashboard_refused_logins_total 10$/m);
  expect(api.logged).toHaveLength(10);
  expect(api.logged.join("")).not.toMatch(/guess|s3cret/);
});

test.each([
  ["no token", ""],
  ["a token that is too long", `token=${"x".repeat(5000)}`],
  ["no form", "{}"],
])("a login with %s is refused", async (_, body) => {
  await using api = await openGuarded();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await api.get("/login", { method: "POST", body, headers });
  const said = await answer.text();
  expect([answer.status, JSON.parse(said)]).toMatchObject([400, { code: "invalid_parameter", field: "token" }]);
  expect(said).not.toContain("xx");
});

test("a login that is no form is refused", async () => {
  await using api = await openGuarded();
  const headers = { "content-type": "application/json" };
  const answer = await api.get("/login", { method: "POST", body: JSON.stringify({ token: TOKEN }), headers });
  expect([answer.status, await answer.json()]).toMatchObject([415, { code: "unsupported_media_type" }]);
});

test("with open_reads the page is shown to everybody, and who wants to write can log in", async () => {
  await using api = await openGuarded("open_reads = true");
  const page = await (await api.get("/", HTML)).text();
  expect(page).toContain("data-verdict");
  expect(page).toContain('href="/login"');
  expect(page).not.toContain('id="note"');
  const cookie = await sessionOf(api);
  expect(await (await api.get("/", { headers: { cookie } })).text()).toContain('id="note"');
});

test("a session ends after twelve hours, when the token changes, and when two hundred others have begun", () => {
  const clock = { ms: 0, nowMs: () => clock.ms, wallUs: () => 0 };
  const sessions = new Sessions(clock);
  const first = sessions.begin(TOKEN);
  expect(sessions.holds(first, TOKEN)).toBe(true);
  const replaced = sessions.begin("an older token");
  expect(sessions.holds(replaced, TOKEN)).toBe(false);
  for (let n = 0; n < 199; n++) sessions.begin(TOKEN);
  expect(sessions.holds(first, TOKEN)).toBe(true);
  const last = sessions.begin(TOKEN);
  expect(sessions.holds(first, TOKEN)).toBe(false);
  clock.ms += 12 * 3_600_000 - 1;
  expect(sessions.holds(last, TOKEN)).toBe(true);
  clock.ms += 1;
  expect(sessions.holds(last, TOKEN)).toBe(false);
});

test("the epochs of a window are listed with what has changed", async () => {
  await using api = await openApi({ nowUs: BEGIN + 1000 });
  api.events.appendBatch([
    { kind: "epoch_started", at: BEGIN, mirroring: "pg18", what: "level", before: "all", after: "reads", who: "" },
  ]);
  const { epochs } = (await (await api.get("/epochs")).json()) as { epochs: unknown[] };
  expect(epochs).toMatchObject([{ seq: 1, mirroring: "pg18", what: "level", before: "all", after: "reads" }]);
  expect(await (await api.get(`/epochs?from=${BEGIN / 1e6 + 1}&to=${BEGIN / 1e6 + 2}`)).json()).toEqual({ epochs: [] });
});

describe.for(["/status", "/events"])("a stream of %s that was begun", (path) => {
  const bearer = { authorization: `Bearer ${TOKEN}` };

  test("with a session ends soon after the logout, and another one goes on", async () => {
    await using api = await openGuarded();
    const cookie = await sessionOf(api);
    const init = { headers: { accept: "text/event-stream", ...bearer } };
    const going = (await api.get(path, init)).body!.pipeThrough(new TextDecoderStream());
    const answer = await api.get(path, { headers: { accept: "text/event-stream", cookie } });
    const headers = { cookie, origin: `http://127.0.0.1:${api.port}` };
    const left = await api.get("/logout", { method: "POST", headers, redirect: "manual" });
    expect(left.status).toBe(303);
    expect(await answer.text()).toContain("retry: ");
    api.events.appendBatch([{ kind: "marked", at: BEGIN, text: "behind it", who: "ann" }]);
    let heard = "";
    for await (const text of going) {
      heard += text;
      if (heard.includes('"seq":1')) break;
    }
    expect(heard).toContain('"seq":1');
  });

  test("with the token ends soon after another one is in force", async () => {
    await using api = await openGuarded();
    const answer = await api.get(path, { headers: { accept: "text/event-stream", ...bearer } });
    expect(answer.status).toBe(200);
    api.reload('token = "another-token"');
    expect(await answer.text()).toContain("retry: ");
  });
});
