// What GET /openapi.json of a running service says of itself, in the form in which questions are made of it: each route with
// its parameters, the fields of its body, and what it may answer. A route that is new in the document is asked like the rest.

import { z } from "zod";
import { httpRequest } from "./http-request.ts";

const schemaSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.string()).optional(),
  examples: z.array(z.unknown()).optional(),
  anyOf: z.array(z.looseObject({ type: z.string() })).optional(),
  properties: z.record(z.string(), z.looseObject({ examples: z.array(z.unknown()).optional() })).optional(),
  required: z.array(z.string()).optional(),
});
const contentSchema = z.record(z.string(), z.object({ schema: z.looseObject({}) }));
const operationSchema = z.looseObject({
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(["query", "header", "path"]),
        required: z.boolean().optional(),
        schema: schemaSchema,
      }),
    )
    .default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.object({ schema: schemaSchema })) }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: contentSchema.default({}) })),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});

export interface Field {
  readonly name: string;
  readonly in: "query" | "header" | "path" | "body";
  readonly required: boolean;
  /** Values that the document calls right. */
  readonly examples: readonly unknown[];
  /** Whether it may be given more than once. */
  readonly isList: boolean;
}

export interface Operation {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly fields: readonly Field[];
  /** `application/json`, or null for a route without a body. */
  readonly bodyType: string | null;
  /** By status, then by media type. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, z.ZodType>>;
}

type Document = z.infer<typeof documentSchema>;

export async function readOperations(port: number, headers: Record<string, string> = {}): Promise<Operation[]> {
  const { text } = await httpRequest(port, { path: "/openapi.json", headers });
  const document = documentSchema.parse(JSON.parse(text));
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const [body] = Object.entries(operation.requestBody?.content ?? {});
      return {
        method: method.toUpperCase(),
        path,
        fields: [...parametersOf(operation), ...bodyFieldsOf(body?.[1].schema)],
        bodyType: body?.[0] ?? null,
        answers: answersOf(operation, document),
      };
    }),
  );
}

function parametersOf({ parameters }: z.infer<typeof operationSchema>): Field[] {
  return parameters.map(({ name, in: place, required = false, schema }) => {
    const isList = schema.type === "array" || schema.anyOf?.some(({ type }) => type === "array") === true;
    return { name, in: place, required, examples: schema.enum ?? schema.examples ?? [], isList };
  });
}

function bodyFieldsOf(schema: z.infer<typeof schemaSchema> | undefined): Field[] {
  const required = schema?.required ?? [];
  return Object.entries(schema?.properties ?? {}).map(([name, { examples = [] }]) => {
    return { name, in: "body", required: required.includes(name), examples, isList: false };
  });
}

function answersOf({ responses }: z.infer<typeof operationSchema>, { components }: Document): Operation["answers"] {
  const whole = { components, $defs: components.schemas };
  const validator = (schema: object): z.ZodType => {
    const text = JSON.stringify({ ...schema, $defs: whole.$defs }).replaceAll("#/components/schemas/", "#/$defs/");
    return z.fromJSONSchema(z.looseObject({}).parse(JSON.parse(text)));
  };
  return new Map(
    Object.entries(responses).map(([status, { content }]) => {
      return [status, new Map(Object.entries(content).map(([type, { schema }]) => [type, validator(schema)]))];
    }),
  );
}
