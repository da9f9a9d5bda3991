// What stands before every route, the token and the Host, refuses as the contract of each route says.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiFixture, openApi } from "../api-fixture.ts";
import { checked, requestOf, requiredOf } from "./ask.ts";
import { httpRequest } from "./http-request.ts";
import { type Operation, readOperations } from "./operations.ts";

const TOKEN = "s3cret-token";
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
/** An orchestrator must hear of these without a token. */
const LIVENESS = new Set(["/healthz", "/healthz/recording"]);
/** A browser gets a form instead, or is sent to it. */
const PAGES = new Set(["/", "/login", "/logout"]);
const WRONG = ["", "Bearer", "Bearer ", "Bearer wrong", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, "x".repeat(3000)];

let api: ApiFixture;
let operations: readonly Operation[];
beforeAll(async () => {
  api = await openApi({ api: `token = "${TOKEN}"` });
  operations = await readOperations(api.port, AUTHORIZED);
});
afterAll(() => api[Symbol.asyncDispose]());

test("without the token every route refuses as documented, but for liveness", async () => {
  for (const operation of operations) {
    const request = requestOf(operation, requiredOf(operation));
    for (const authorization of WRONG) {
      const headers = { ...request.headers, authorization };
      const { status } = checked(operation, await httpRequest(api.port, { ...request, headers }));
      if (PAGES.has(operation.path)) continue;
      expect([operation.path, status]).toEqual([operation.path, LIVENESS.has(operation.path) ? 200 : 401]);
    }
  }
});

test("under another name every route refuses as documented", async () => {
  for (const operation of operations) {
    const request = requestOf(operation, requiredOf(operation));
    for (const host of ["evil.example", "localhost.evil.example:9090", "[", "'", "127.0.0.1@evil.example"]) {
      const headers = { ...request.headers, ...AUTHORIZED, host };
      const answer = checked(operation, await httpRequest(api.port, { ...request, headers }));
      expect([operation.path, host, [400, 403]]).toEqual([
        operation.path,
        host,
        expect.arrayContaining([answer.status]),
      ]);
    }
  }
});
