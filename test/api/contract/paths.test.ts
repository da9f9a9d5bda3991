// What is no route, and what a route is not asked by: other spellings of every path, and every other method.

import { METHODS } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problemSchema } from "../../../src/api/problem.ts";
import { requestOf, requiredOf } from "./ask.ts";
import { type HttpAnswer, httpRequest } from "./http-request.ts";
import { type Operation, readOperations } from "./operations.ts";
import { startWatchedService, type WatchedService } from "./watched-service.ts";

let service: WatchedService;
beforeAll(async () => {
  service = await startWatchedService();
});
afterAll(() => service[Symbol.asyncDispose]());

function expectProblem(what: unknown, { type, status, text }: HttpAnswer, code: string): void {
  const problem = problemSchema.parse(JSON.parse(text));
  expect([what, type, problem.code, problem.status]).toEqual([what, "application/problem+json", code, status]);
}

/** Spellings that a lenient server takes for the path. */
function spellingsOf(path: string): string[] {
  const encoded = path.replace(/\w(?=\w*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return [
    `/${path}`,
    `${path}/`,
    `${path}//`,
    `${path}.`,
    `${path}%00`,
    `${path}%20`,
    `${path}%2f`,
    `${path};x=1`,
    `/.${path}`,
    `/%2e${path}`,
    `/x/..${path}`,
    `/x/%2e%2e${path}`,
    `${path}/../${path}`,
    path.toUpperCase(),
    encoded,
    `${path}/${"x".repeat(3000)}`,
    `${path}%FF`,
  ].filter((spelling) => spelling !== path);
}

const pathsOf = (operations: readonly Operation[]): string[] => [...new Set(operations.map(({ path }) => path))];

test("no other spelling of a path is a route", async () => {
  const paths = pathsOf(await readOperations(service.port));
  for (const path of paths) {
    for (const spelling of spellingsOf(path).filter((each) => !paths.includes(each))) {
      const answer = await httpRequest(service.port, { path: spelling });
      expect([spelling, answer.status]).toEqual([spelling, 404]);
      expectProblem(spelling, answer, "not_found");
    }
  }
});

test("a method that a route doesn't have is refused, and the answer says which ones it has", async () => {
  const operations = await readOperations(service.port);
  // CONNECT asks a proxy for a tunnel; Node.js hands it to nobody, and closes.
  const methods = METHODS.filter((method) => method !== "CONNECT");
  for (const path of pathsOf(operations)) {
    const own = operations.filter((operation) => operation.path === path).map(({ method }) => method);
    const allowed = new Set(own.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])));
    for (const method of methods.filter((each) => !allowed.has(each))) {
      const answer = await httpRequest(service.port, { method, path });
      expect([path, method, answer.status]).toEqual([path, method, 405]);
      if (method !== "HEAD") expectProblem([path, method], answer, "method_not_allowed");
      expect(new Set(answer.headers.allow?.split(", "))).toEqual(allowed);
    }
  }
});

test("HEAD says of every question what GET does, without a body", async () => {
  for (const operation of (await readOperations(service.port)).filter(({ method }) => method === "GET")) {
    const request = requestOf(operation, requiredOf(operation));
    const [get, head] = [
      await httpRequest(service.port, request),
      await httpRequest(service.port, { ...request, method: "HEAD" }),
    ];
    expect([operation.path, head.status, head.type, head.text]).toEqual([operation.path, get.status, get.type, ""]);
  }
});
