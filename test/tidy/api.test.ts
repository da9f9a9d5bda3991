// docs/api.md against the contract that is generated from the routes' schemas.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OpenAPIHono } from "@hono/zod-openapi";
import { expect, test } from "vitest";
import type { Api, ApiContext, ApiEnv } from "../../src/api/api-context.ts";
import { addRoutes } from "../../src/api/app.ts";
import type { Login } from "../../src/api/dashboard/login.ts";
import { openApiDocument } from "../../src/api/openapi.ts";
import { PROBLEM_STATUS } from "../../src/api/problem.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8");

/** Each heading of a route with the parameters of its table. */
function documented(): [route: string, parameters: string[]][] {
  return docs
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const route = /^`([^`]+)`/.exec(section)?.[1] ?? "";
      const [, table = ""] = section.split("| parameter | means |");
      const rows = table.split("\n\n", 1)[0]!.matchAll(/^\| `([\w-]+)` \|/gm);
      return [route, [...rows].map(([, name]) => name!)];
    });
}

/** No route looks at its context before it is asked. */
function createRoutes(): Api {
  const api: Api = new OpenAPIHono<ApiEnv>();
  addRoutes(api, {} as ApiContext, {} as Login);
  return api;
}

function contract(): [route: string, parameters: string[]][] {
  const { paths = {} } = openApiDocument(createRoutes(), "0");
  return Object.entries(paths).flatMap(([path, item]) =>
    (["get", "post"] as const).flatMap((method): [string, string[]][] => {
      const operation = item?.[method];
      if (operation === undefined) return [];
      const names = (operation.parameters ?? []).map((parameter) => ("name" in parameter ? parameter.name : ""));
      return [[`${method.toUpperCase()} ${path}`, names]];
    }),
  );
}

const sorted = (routes: [string, string[]][]): unknown =>
  routes.map(([route, names]) => [route, names.toSorted()]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));

test("docs/api.md lists exactly the routes and their parameters", () => {
  expect(sorted(documented())).toEqual(sorted(contract()));
});

test("the contract has every route that the API answers", () => {
  const api = createRoutes();
  const answered = api.routes.map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(answered)].toSorted()).toEqual(
    contract()
      .map(([route]) => route)
      .toSorted(),
  );
});

test("docs/api.md explains every problem code with its status", () => {
  const rows = [...docs.slice(docs.indexOf("## Problems")).matchAll(/^\| `(\w+)` \| (\d+) \|/gm)];
  expect(rows.map(([, code, status]) => [code, Number(status)])).toEqual(Object.entries(PROBLEM_STATUS));
});
