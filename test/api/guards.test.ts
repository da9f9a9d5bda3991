import { expect, test } from "vitest";
import { openApi } from "./api-fixture.ts";

const PROBLEM = "application/problem+json";

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);

test("an unknown query parameter is refused by name on every route", async () => {
  await using api = await openApi();
  for (const path of ["/metrics", "/stats", "/healthz", "/healthz/recording"]) {
    const answer = await api.get(`${path}?windw=24h`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe(PROBLEM);
    expect(await answer.json()).toEqual({
      type: "urn:pgsoak:problem:invalid_parameter",
      title: "Bad Request",
      status: 400,
      detail: 'unknown parameter "windw"',
      code: "invalid_parameter",
      field: "windw",
    });
  }
});

test("the name of an absurdly long parameter is cut", async () => {
  await using api = await openApi();
  const answer = await api.get(`/stats?${"x".repeat(3000)}=1`);
  expect(await answer.json()).toMatchObject({ code: "invalid_parameter", field: "x".repeat(64) });
});

test("an unknown path is 404 and a known path with another method 405, both as problems", async () => {
  await using api = await openApi();
  const missing = await api.get("/nothing");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ code: "not_found", status: 404 });

  const wrong = await api.get("/stats", { method: "DELETE" });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")).toBe("GET, HEAD");
  expect(await wrong.json()).toMatchObject({ code: "method_not_allowed" });
});

test("a path is taken literally: other spellings of a route name nothing", async () => {
  await using api = await openApi({ api: 'token = "secret"\nopen_reads = true' });
  const spellings = ["//metrics", "/METRICS", "/%6detrics", "/metrics/", "/x/../metrics", "/./metrics", "/%2e/metrics"];
  for (const path of spellings) {
    const answer = await api.raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect([path, statusOf(answer)]).toEqual([path, 404]);
  }
  const proper = await api.raw("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(proper).toMatch(/^HTTP\/1\.1 200 /);
});

test("HEAD answers with the headers of GET and no body", async () => {
  await using api = await openApi();
  for (const path of ["/metrics", "/stats", "/healthz"]) {
    const answer = await api.get(path, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("");
  }
});

test("answers may neither be cached nor sniffed", async () => {
  await using api = await openApi();
  for (const path of ["/stats", "/nothing"]) {
    const { headers } = await api.get(path);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});

const withHost = (host: string, path = "/stats"): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

test("without a list the loopback names and the address of the connection are allowed, any other name is refused", async () => {
  await using api = await openApi();
  for (const host of ["localhost", "LOCALHOST:9090", "127.0.0.1", `127.0.0.1:${api.port}`, "[::1]:9090"]) {
    expect([host, statusOf(await api.raw(withHost(host)))]).toEqual([host, 200]);
  }
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "evil.example:9090",
    "127.0.0.1.evil.example",
    "10.0.0.1",
  ]) {
    const answer = await api.raw(withHost(host));
    expect([host, statusOf(answer)]).toEqual([host, 403]);
    expect(answer).toContain('"code":"host_not_allowed"');
  }
});

test("a list of allowed hosts replaces the loopback names", async () => {
  await using api = await openApi({ api: 'allowed_hosts = ["soak.example.com"]' });
  expect(await api.raw(withHost("soak.example.com:9090"))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await api.raw(withHost("localhost"))).toMatch(/^HTTP\/1\.1 403 /);
});

test("two Host headers are refused", async () => {
  await using api = await openApi();
  const answer = await api.raw(
    "GET /stats HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 (400|403) /);
});

test("a client of HTTP/1.1 without a Host header is told so in a problem", async () => {
  await using api = await openApi();
  const answer = await api.raw("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('"detail":"HTTP/1.1 needs a Host header","code":"bad_request"');
});

test("a client of HTTP/1.0 without a Host header is answered", async () => {
  await using api = await openApi();
  expect(await api.raw("GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
});

const bearer = (value: string): RequestInit => ({ headers: { authorization: value } });

test("with a token every read needs it, but for liveness", async () => {
  await using api = await openApi({ api: 'token = "s3cret-token"' });
  for (const path of ["/stats", "/metrics", "/nothing"]) {
    const answer = await api.get(path);
    expect([path, answer.status]).toEqual([path, 401]);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="pgsoak"');
    expect(await answer.json()).toMatchObject({ code: "unauthorized" });
  }
  expect((await api.get("/healthz")).status).toBe(200);
  expect((await api.get("/healthz/recording")).status).toBe(200);
  expect((await api.get("/stats", bearer("Bearer s3cret-token"))).status).toBe(200);
  expect((await api.get("/stats", bearer("bearer s3cret-token"))).status).toBe(200);
});

test.each([
  "Bearer wrong",
  "Bearer s3cret",
  "Bearer s3cret-token-and-more",
  "Bearer ",
  "Bearer",
  "Basic s3cret-token",
  "s3cret-token",
])("authorization %j is refused", async (value) => {
  await using api = await openApi({ api: 'token = "s3cret-token"' });
  expect((await api.get("/stats", bearer(value))).status).toBe(401);
});

test("a token in the query is refused", async () => {
  await using api = await openApi({ api: 'token = "s3cret-token"' });
  expect((await api.get("/stats?token=s3cret-token")).status).toBe(401);
});

test("with open_reads only writes need the token", async () => {
  await using api = await openApi({ api: 'token = "s3cret-token"\nopen_reads = true' });
  expect((await api.get("/stats")).status).toBe(200);
  expect((await api.get("/stats", { method: "POST" })).status).toBe(401);
  expect((await api.get("/stats", { method: "POST", ...bearer("Bearer s3cret-token") })).status).toBe(405);
});
