import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { openApi } from "./api-fixture.ts";

test("a body above the limit is refused before it is read, for every method", async () => {
  await using api = await openApi();
  for (const method of ["POST", "PUT", "GET"]) {
    const head = `${method} /stats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n`;
    const answer = await api.raw(head);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"body_too_large"');
  }
});

test("a body that doesn't announce its length is refused", async () => {
  await using api = await openApi();
  const chunk = `1000\r\n${"x".repeat(0x1000)}\r\n`;
  const answer = await api.raw(
    `POST /stats HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}0\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 411 /);
  expect(answer).toContain('"code":"length_required"');
});

test("headers above the limit are 431 as a problem", async () => {
  await using api = await openApi();
  const answer = await api.raw(`GET /stats HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(70_000)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('"code":"headers_too_large"');
});

test("bytes that are no HTTP are 400 as a problem, and the server goes on", async () => {
  await using api = await openApi();
  for (const bytes of ["\u0016\u0003\u0001\u0002\r\n\r\n", "SSH-2.0-x\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"]) {
    const answer = await api.raw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"bad_request"');
  }
  expect((await api.get("/healthz")).status).toBe(200);
});

test("two Content-Lengths are refused", async () => {
  await using api = await openApi();
  const answer = await api.raw(
    "POST /stats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

test("200 clients that never finish their headers shut nobody out and are cut off", async () => {
  await using api = await openApi({ serve: { headersTimeoutMs: 300 } });
  const sockets = Array.from({ length: 200 }, () => connect(api.port, "127.0.0.1"));
  const ends = sockets.map(async (socket) => {
    socket.on("error", () => socket.destroy());
    socket.resume();
    await once(socket, "connect");
    socket.write("GET /stats HTTP/1.1\r\nX-Slow: ");
    await once(socket, "close");
  });
  expect((await api.get("/healthz")).status).toBe(200);
  await Promise.all(ends);
  expect((await api.get("/healthz")).status).toBe(200);
});

test("a taken port is told as such", async () => {
  await using api = await openApi();
  await expect(openApi({ serve: { port: api.port } })).rejects.toMatchObject({ code: "address_in_use" });
});

test("closing doesn't wait for a client that keeps its connection", async () => {
  const api = await openApi();
  const socket = connect(api.port, "127.0.0.1");
  socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  const ended = once(socket, "close").then(() => "ended");
  socket.resume();
  await api[Symbol.asyncDispose]();
  expect(await ended).toBe("ended");
});
