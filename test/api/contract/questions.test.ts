// Every route of the contract × every parameter, with what is right and with everything that is not.

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ask, checked, type Given, requestOf, requiredOf } from "./ask.ts";
import { HOSTILE_ENCODINGS, HOSTILE_TEXTS, hostileText } from "./hostile-values.ts";
import { type HttpAnswer, httpRequest } from "./http-request.ts";
import { type Field, type Operation, readOperations } from "./operations.ts";
import { startWatchedService, type WatchedService } from "./watched-service.ts";

let service: WatchedService;
beforeAll(async () => {
  service = await startWatchedService();
});
afterAll(() => service[Symbol.asyncDispose]());

const problemSchema = z.object({ code: z.string(), field: z.string().optional(), detail: z.string() });
/** The ways in which a sentence says what would have been right. */
const EXPECTATION = /expected|must be|given once|unknown parameter|absent/;
const RANDOM_RUNS = 150;

interface Target {
  readonly operation: Operation;
  readonly field: Field;
}

const questionsOf = (operations: readonly Operation[]): Operation[] =>
  operations.filter(({ bodyType }) => bodyType === null);
/** Who has left is sent to the way in. */
const rightStatus = ({ path }: Operation): number => (path === "/logout" ? 303 : 200);
const targetsOf = (operations: readonly Operation[]): Target[] =>
  questionsOf(operations).flatMap((operation) => operation.fields.map((field) => ({ operation, field })));

/** The question with this value, and right ones wherever one is needed. */
const withValue = ({ operation, field }: Target, given: Omit<Given, "field">): Given[] => [
  ...requiredOf(operation).filter((other) => other.field.name !== field.name),
  { ...given, field },
];

/** It was taken, or refused by name with what would have been right. */
function expectClear({ operation, field }: Target, answer: HttpAnswer): void {
  const { status, text } = answer;
  if (status < 400 || status === 409) return;
  const problem = problemSchema.parse(JSON.parse(text));
  expect([operation.path, status, problem]).toEqual([
    operation.path,
    400,
    { code: "invalid_parameter", field: field.name, detail: expect.stringMatching(EXPECTATION) },
  ]);
}

test("every parameter has an example, and every example is answered", async () => {
  const operations = await readOperations(service.port);
  expect(targetsOf(operations).length).toBeGreaterThan(50);
  for (const operation of questionsOf(operations)) {
    const { status } = await ask(service.port, operation, requiredOf(operation));
    expect([operation.path, status]).toEqual([operation.path, rightStatus(operation)]);
  }
  for (const target of targetsOf(operations)) {
    const { operation, field } = target;
    expect([operation.path, field.name, field.examples.length > 0]).toEqual([operation.path, field.name, true]);
    for (const value of field.examples) {
      const { status } = await ask(service.port, operation, withValue(target, { value }));
      const expected = field.name === "gate" && value === "true" ? 409 : 200;
      expect([operation.path, field.name, value, status]).toEqual([operation.path, field.name, value, expected]);
    }
  }
});

test("whatever a parameter is given, it is answered as documented or refused by its name", async () => {
  const targets = targetsOf(await readOperations(service.port));
  for (const target of targets) {
    const isHeader = target.field.in === "header";
    // A header carries no control characters: Node.js refuses to send them, and its server to take them.
    const values = isHeader ? HOSTILE_TEXTS.filter((value) => /^[\x20-\x7e]*$/.test(value)) : HOSTILE_TEXTS;
    const encodings = isHeader ? [] : HOSTILE_ENCODINGS;
    for (const given of [...values.map((value) => ({ value })), ...encodings.map((raw) => ({ raw }))]) {
      expectClear(target, await ask(service.port, target.operation, withValue(target, given)));
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(targets.length - 1), hostileText, async (index, value) => {
      const target = targets[index]!;
      if (target.field.in !== "query") return;
      expectClear(target, await ask(service.port, target.operation, withValue(target, { value })));
    }),
    { numRuns: RANDOM_RUNS },
  );
});

test("a parameter that is given twice is refused by name, unless it is a list", async () => {
  for (const target of targetsOf(await readOperations(service.port))) {
    const { operation, field } = target;
    if (field.in !== "query") continue;
    const value = field.examples[0];
    const answer = await ask(service.port, operation, [...withValue(target, { value }), { field, value }]);
    expect([operation.path, field.name, answer.status]).toEqual([operation.path, field.name, field.isList ? 200 : 400]);
    expectClear(target, answer);
  }
});

test("parameters are answered together, or one of them is refused by name", async () => {
  const questions = questionsOf(await readOperations(service.port)).filter(({ fields }) => fields.length > 0);
  const question = fc.nat(questions.length - 1).chain((at) => {
    const names = questions[at]!.fields.map(({ name }) => name);
    return fc.tuple(fc.constant(at), fc.subarray(names));
  });
  await fc.assert(
    fc.asyncProperty(question, fc.boolean(), async ([at, names], isHostile) => {
      const operation = questions[at]!;
      const fields = operation.fields.filter(({ name }) => names.includes(name));
      const given = fields.map((field, place) => {
        return { field, value: isHostile && place === 0 && field.in === "query" ? "x'" : field.examples.at(-1) };
      });
      const missing = requiredOf(operation).filter(({ field }) => !names.includes(field.name));
      const { status, text } = await ask(service.port, operation, [...missing, ...given]);
      if (status !== 400) return;
      const { field, detail } = problemSchema.parse(JSON.parse(text));
      expect([detail, names]).toEqual([expect.stringMatching(EXPECTATION), expect.arrayContaining([field])]);
    }),
    { numRuns: RANDOM_RUNS },
  );
});

test("what a route does not know is refused by name", async () => {
  const names = [
    "windw",
    "WINDOW",
    "__proto__",
    "constructor",
    "toString",
    "",
    " ",
    "a[]",
    "a.b",
    "😀",
    "x".repeat(3000),
  ];
  // The page's own address holds its state; a link to it with more in it still opens.
  const strict = questionsOf(await readOperations(service.port)).filter(({ path }) => path !== "/");
  for (const operation of strict) {
    for (const name of names) {
      const unknown = { field: { name, in: "query" as const }, value: "1" };
      const { status, text } = await ask(service.port, operation, [...requiredOf(operation), unknown]);
      const field = name.slice(0, 64);
      expect([operation.path, name, status]).toEqual([operation.path, name, 400]);
      expect([operation.path, name, status, JSON.parse(text)]).toMatchObject([operation.path, name, 400, { field }]);
    }
  }
});

test("whatever a client would like to read, every route answers with what is documented", async () => {
  const types = [
    "*/*",
    "text/event-stream",
    "application/openmetrics-text",
    "image/png;q=0",
    ";;;,,",
    "x".repeat(3000),
  ];
  for (const operation of questionsOf(await readOperations(service.port))) {
    for (const accept of types) {
      const request = requestOf(operation, requiredOf(operation));
      const answer = await httpRequest(service.port, { ...request, headers: { ...request.headers, accept } });
      expect(checked(operation, answer).status).toBe(rightStatus(operation));
    }
  }
});
