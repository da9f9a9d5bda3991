import { expect, test } from "vitest";
import { waitFor } from "./wait-for.ts";

test("the first answer that isn't false, null or undefined is returned, zero included", async () => {
  const answers = [undefined, null, false, 0];
  expect(await waitFor(() => answers.shift())).toBe(0);
  expect(answers).toEqual([]);
});

test("a condition that throws isn't met yet", async () => {
  let attempts = 0;
  const answer = await waitFor(async () => {
    await Promise.resolve();
    if (++attempts < 3) throw new Error("too early");
    return "now";
  });
  expect(answer).toBe("now");
});

test("the error at the deadline says what was waited for and what was seen last", async () => {
  const waiting = waitFor(() => null, { timeoutMs: 30, message: "the mirror is back" });
  await expect(waiting).rejects.toThrow("the mirror is back: not so after 30 ms; last value: null");
  const broken = waitFor(() => Promise.reject(new Error("ECONNREFUSED")), { timeoutMs: 30 });
  await expect(broken).rejects.toMatchObject({ cause: expect.objectContaining({ message: "ECONNREFUSED" }) });
});
