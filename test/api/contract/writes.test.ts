// Every route that changes something × every field of its body, with what is right and with everything that is not. What is
// refused has changed nothing.

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openReader } from "../../../src/events/log-reader.ts";
import { ask, checked, type Given, requestOf, requiredOf } from "./ask.ts";
import { HOSTILE_JSON, hostileJson } from "./hostile-values.ts";
import { type HttpAnswer, httpRequest } from "./http-request.ts";
import { type Operation, readOperations } from "./operations.ts";
import { startWatchedService, type WatchedService } from "./watched-service.ts";

let service: WatchedService;
beforeAll(async () => {
  service = await startWatchedService();
});
afterAll(() => service[Symbol.asyncDispose]());

const problemSchema = z.object({ code: z.string(), field: z.string().optional(), detail: z.string() });
const EXPECTATION = /expected|must be|unknown parameter/;
const WRITTEN = ["marked", "epoch_started", "counters_reset"] as const;
const RANDOM_RUNS = 40;

/** Those that answer with the event that they have written. */
const writesOf = async (port: number): Promise<Operation[]> =>
  (await readOperations(port)).filter(({ bodyType, answers }) => bodyType !== null && answers.has("201"));

/** How many events people have written, through this API or otherwise. */
async function written(): Promise<number> {
  using reader = openReader(service.pgsoak.logFile);
  return (await reader.readEvents({ after: 0, limit: 10_000, kinds: WRITTEN })).length;
}

/** Asks with each body; as many events have come as were answered with 201. */
async function expectWholeOrNothing(asked: () => Promise<HttpAnswer[]>): Promise<void> {
  const before = await written();
  const answers = await asked();
  expect((await written()) - before).toBe(answers.filter(({ status }) => status === 201).length);
}

test("every field of a body has an example, and every example is written", async () => {
  await expectWholeOrNothing(async () => {
    const answers = [];
    for (const operation of await writesOf(service.port)) {
      const all = operation.fields.map((field) => ({ field, value: field.examples[0] }));
      for (const given of [requiredOf(operation), all]) {
        expect(given.filter(({ value }) => value === undefined)).toEqual([]);
        const answer = await ask(service.port, operation, given);
        expect([operation.path, answer.status, answer.text]).toEqual([operation.path, 201, expect.any(String)]);
        answers.push(answer);
      }
    }
    expect(answers.length).toBeGreaterThanOrEqual(6);
    return answers;
  });
});

function expectClear(path: string, field: string, { status, text }: HttpAnswer): void {
  if (status === 201) return;
  const problem = problemSchema.parse(JSON.parse(text));
  expect([path, status, problem]).toEqual([
    path,
    400,
    { code: "invalid_parameter", field, detail: expect.stringMatching(EXPECTATION) },
  ]);
}

test("whatever a field is given, it is written or refused by its name", async () => {
  const targets = (await writesOf(service.port)).flatMap((operation) =>
    operation.fields.map((field) => ({ operation, field })),
  );
  const given = ({ operation, field }: (typeof targets)[number], value: unknown): Given[] => [
    ...requiredOf(operation).filter((other) => other.field.name !== field.name),
    { field, value },
  ];
  await expectWholeOrNothing(async () => {
    const answers: HttpAnswer[] = [];
    const tryOut = async (target: (typeof targets)[number], value: unknown): Promise<void> => {
      const answer = await ask(service.port, target.operation, given(target, value));
      expectClear(target.operation.path, target.field.name, answer);
      answers.push(answer);
    };
    for (const target of targets) for (const value of HOSTILE_JSON) await tryOut(target, value);
    await fc.assert(
      fc.asyncProperty(fc.nat(targets.length - 1), hostileJson, (at, value) => tryOut(targets[at]!, value)),
      { numRuns: RANDOM_RUNS },
    );
    return answers;
  });
});

/** Bodies that are no object with the fields of any route. */
const BODIES: readonly string[] = [
  "",
  " ",
  "{",
  '{"who":"ann"',
  '{"who":"ann"}}',
  "{'who':'ann'}",
  "who=ann",
  "NaN",
  "null",
  "1",
  '"text"',
  "[]",
  '[{"who":"ann"}]',
  "\u0000",
  "\ufeff{}x",
  "[".repeat(30_000),
  `${"[".repeat(30_000)}${"]".repeat(30_000)}`,
  `${'{"who":'.repeat(6_000)}1${"}".repeat(6_000)}`,
  '{"__proto__":{"who":"ann"},"constructor":1}',
  '{"frobnicate":1}',
];

test("what is no body of the route is refused, and nothing is written", async () => {
  const before = await written();
  for (const operation of await writesOf(service.port)) {
    for (const body of BODIES) {
      const answer = await httpRequest(service.port, { ...requestOf(operation, []), body });
      const { status, text } = checked(operation, answer);
      expect([operation.path, body.slice(0, 40), status]).toEqual([operation.path, body.slice(0, 40), 400]);
      expect(problemSchema.parse(JSON.parse(text)).detail).toMatch(/expected|unknown parameter/);
    }
    const unknown = requestOf(operation, [
      ...requiredOf(operation),
      { field: { name: "extra", in: "body" }, value: 1 },
    ]);
    const { status, text } = checked(operation, await httpRequest(service.port, unknown));
    expect([status, JSON.parse(text)]).toMatchObject([400, { field: "extra" }]);
    for (const { field } of requiredOf(operation)) {
      const rest = requiredOf(operation).filter((other) => other.field.name !== field.name);
      const without = await ask(service.port, operation, rest);
      expect([without.status, JSON.parse(without.text)]).toMatchObject([400, { field: field.name }]);
    }
  }
  expect(await written()).toBe(before);
});

const TYPES: readonly (string | null)[] = [
  null,
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/jsonp",
  "application/json-patch+json",
  "text/plain; application/json",
  "x".repeat(3000),
];

test("a body of another type is refused, and nothing is written", async () => {
  const before = await written();
  for (const operation of await writesOf(service.port)) {
    const { body = "", ...request } = requestOf(operation, requiredOf(operation));
    for (const type of TYPES) {
      const headers: Record<string, string> = type === null ? {} : { "content-type": type };
      const answer = checked(operation, await httpRequest(service.port, { ...request, headers, body }));
      expect([operation.path, type, answer.status]).toEqual([operation.path, type, 415]);
    }
    const query = await httpRequest(service.port, {
      ...requestOf(operation, requiredOf(operation)),
      path: `${operation.path}?who=ann`,
    });
    expect([operation.path, checked(operation, query).status, JSON.parse(query.text)]).toMatchObject([
      operation.path,
      400,
      { field: "who" },
    ]);
  }
  expect(await written()).toBe(before);
});

test("a body above the limit is refused, and nothing is written", async () => {
  const before = await written();
  for (const operation of await writesOf(service.port)) {
    const request = { ...requestOf(operation, []), body: JSON.stringify({ who: "x".repeat(70_000) }) };
    expect(checked(operation, await httpRequest(service.port, request)).status).toBe(413);
  }
  expect(await written()).toBe(before);
});

test("whatever body any route is sent, it answers as documented", async () => {
  for (const operation of (await readOperations(service.port)).filter(({ bodyType }) => bodyType !== null)) {
    for (const body of BODIES)
      checked(operation, await httpRequest(service.port, { ...requestOf(operation, []), body }));
  }
});
