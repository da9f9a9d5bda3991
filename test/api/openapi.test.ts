import { expect, test } from "vitest";
import { z } from "zod";
import { openApi } from "./api-fixture.ts";

const parameterSchema = z.looseObject({ name: z.string(), in: z.enum(["query", "header"]), schema: z.looseObject({}) });
const operationSchema = z.looseObject({
  summary: z.string().min(10),
  parameters: z.array(parameterSchema).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ description: z.string().min(3), content: z.looseObject({}).default({}) }),
  ),
});
const documentSchema = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.literal("pgsoak"), version: z.string(), description: z.string() }),
  paths: z.record(z.string().startsWith("/"), z.record(z.enum(["get", "post"]), operationSchema.optional())),
});

/** Every value of a key, however deep. */
function* valuesOf(key: string, tree: unknown): Generator {
  if (tree === null || typeof tree !== "object") return;
  for (const [name, value] of Object.entries(tree)) {
    if (name === key) yield value;
    yield* valuesOf(key, value);
  }
}

test("the document has the version, and every route with its answers and a problem", async () => {
  await using api = await openApi();
  const response = await api.get("/openapi.json");
  expect(response.headers.get("content-type")).toBe("application/json");
  const { info, paths } = documentSchema.parse(await response.json());
  expect(info.version).toBe("1.2.3");
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/history", "/markers", "/openapi.json"]));
  for (const [path, { get, post }] of Object.entries(paths)) {
    for (const operation of [get, post]) {
      if (operation === undefined) continue;
      const statuses = Object.keys(operation.responses);
      expect([path, statuses]).toEqual([path, expect.arrayContaining(["default"])]);
      expect([path, statuses.some((status) => /^[23]/.test(status))]).toEqual([path, true]);
    }
  }
});

test("what the document refers to is in it", async () => {
  await using api = await openApi();
  const document: unknown = await (await api.get("/openapi.json")).json();
  const references = new Set(valuesOf("$ref", document));
  expect([...references]).toEqual(["#/components/schemas/Problem"]);
  expect(document).toMatchObject({ components: { schemas: { Problem: { type: "object" } } } });
});

test("every parameter is described", async () => {
  await using api = await openApi();
  const { paths } = documentSchema.parse(await (await api.get("/openapi.json")).json());
  const parameters = Object.entries(paths).flatMap(([path, { get }]) =>
    (get?.parameters ?? []).map(({ name, schema }) => ({ path, name, schema })),
  );
  expect(parameters.length).toBeGreaterThan(40);
  const isDescribed = ({ schema }: (typeof parameters)[number]): boolean => typeof schema["description"] === "string";
  expect(parameters.filter((parameter) => !isDescribed(parameter))).toEqual([]);
});
