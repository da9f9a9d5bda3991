// GET /openapi.json: the contract, made from the schemas that the routes check questions and answers with.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "./api-context.ts";
import { PROBLEM_STATUS, PROBLEM_TYPE, type ProblemCode, problemSchema } from "./problem.ts";
import { noParameters } from "./strict-query.ts";

const documentSchema = z.looseObject({ openapi: z.string(), paths: z.looseObject({}) });

const route = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This API as an OpenAPI 3.1 document",
  request: { query: noParameters },
  responses: {
    200: {
      description: "The document",
      content: { "application/json": { schema: documentSchema } },
    },
  },
});

const DESCRIPTION =
  "Moments are RFC 3339 in UTC with microseconds. Unknown, repeated and wrong parameters are refused with 400 and named in " +
  "`field`. Whatever goes wrong is an RFC 9457 problem document with a stable `code`.";

type Document = ReturnType<Api["getOpenAPI31Document"]>;

/** Every route that was added to the API. */
export function openApiDocument(api: Api, version: string): Document {
  const { paths = {}, ...document } = api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "pgsoak", version, description: DESCRIPTION },
  });
  return {
    ...document,
    components: { ...document.components, schemas: { ...document.components?.schemas, Problem: problemJson() } },
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, withProblem(item)])),
  };
}

type PathItem = NonNullable<Document["paths"]>[string];

const problemJson = (): Record<string, unknown> => {
  const { $schema: _, ...schema } = z.toJSONSchema(problemSchema);
  return schema;
};

/** What the guards before every route may answer with. */
const GUARDED: readonly ProblemCode[] = [
  "bad_request",
  "invalid_parameter",
  "unauthorized",
  "host_not_allowed",
  "length_required",
  "body_too_large",
];
/** … and before those that change something. */
const WRITE_GUARDED: readonly ProblemCode[] = [...GUARDED, "origin_not_allowed", "unsupported_media_type"];

function problemOf(codes: readonly ProblemCode[]) {
  const description = codes.length === 0 ? "Any other problem" : `A problem: ${codes.join(", ")}`;
  return { description, content: { [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } } };
}

function problemResponses(codes: readonly ProblemCode[]): Record<string, ReturnType<typeof problemOf>> {
  const statuses = new Set(codes.map((code) => PROBLEM_STATUS[code]));
  const codesOf = (status: number): ProblemCode[] => codes.filter((code) => PROBLEM_STATUS[code] === status);
  return Object.fromEntries([
    ...[...statuses].map((status) => [String(status), problemOf(codesOf(status))] as const),
    ["default", problemOf([])],
  ]);
}

/** Any route may answer with a problem; what a route says itself of a status stays. */
function withProblem(item: PathItem): PathItem {
  const { get, post } = item;
  const reads = problemResponses(GUARDED);
  const writes = problemResponses(WRITE_GUARDED);
  return {
    ...item,
    ...(get === undefined ? {} : { get: { ...get, responses: { ...reads, ...get.responses } } }),
    ...(post === undefined ? {} : { post: { ...post, responses: { ...writes, ...post.responses } } }),
  };
}

export function addOpenApiRoute(api: Api, context: ApiContext): void {
  let document: z.infer<typeof documentSchema> | null = null;
  api.openapi(route, (c) => {
    document ??= documentSchema.parse(openApiDocument(api, context.version));
    return c.json(document, 200);
  });
}
