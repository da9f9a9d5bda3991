// Bad input gets one sentence that names the field, the value and what was expected.

import { expect, test } from "vitest";
import { openApi } from "./api-fixture.ts";

const detailOf = async (answer: Response): Promise<unknown> => {
  expect(answer.status).toBe(400);
  const { detail } = (await answer.json()) as { detail: unknown };
  return detail;
};

test("a parameter that can't be is refused with its name, its value and what was expected", async () => {
  await using api = await openApi();
  const questions = [
    ["/history?format=xml", 'format is "xml", expected one of "json", "csv"'],
    ["/statements?limit=0", 'limit is "0", expected a whole number from 1 to 1000'],
    ["/statements?limit=1001", 'limit is "1001", expected a whole number from 1 to 1000'],
    ["/events?after=-1", 'after is "-1", expected a whole number'],
    ["/history?mirroring=", 'mirroring is "", expected some text'],
    [`/history?window=${"1".repeat(80)}`, `window is "${"1".repeat(64)}…", expected at most 64 characters`],
    ["/history?window=1h&window=2h", "window is given more than once, expected once"],
    ["/compare?a=1h", "b is missing, expected a string"],
  ];
  for (const [path, detail] of questions) expect([path, await detailOf(await api.get(path!))]).toEqual([path, detail]);
  const kinds = await detailOf(await api.get("/events?kind=errored,foo"));
  expect(kinds).toMatch(/^kind is "errored,foo", expected one or more of queued, mirrored, /);
});

test("a body that can't be is refused likewise", async () => {
  await using api = await openApi();
  const bodies = [
    ["{}", "text is missing, expected a string"],
    ['{"text":5}', "text is 5, expected a string"],
    ['{"text":null}', "text is null, expected a string"],
    ['{"text":{"a":1}}', "text is an object, expected a string"],
    ['{"text":" "}', 'text is " ", expected some text'],
    ['{"text":"a\\nb"}', 'text is "a\\nb", expected one line without control characters'],
    [JSON.stringify({ text: "ü".repeat(1001) }), `text is "${"ü".repeat(64)}…", expected at most 1000 characters`],
    ["[]", "the body is an array, expected an object"],
    ["null", "the body is null, expected an object"],
  ];
  for (const [body, detail] of bodies) {
    const headers = { "content-type": "application/json" };
    const answer = await api.get("/markers", { method: "POST", headers, body: body! });
    expect([body, await detailOf(answer)]).toEqual([body, detail]);
  }
});
