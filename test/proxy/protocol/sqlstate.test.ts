import { expect, test } from "vitest";
import { isSqlstate, Sqlstate, sqlstateClass } from "../../../src/proxy/protocol/sqlstate.ts";

test("every named state has the form of one", () => {
  expect(Object.values(Sqlstate).filter((state) => !isSqlstate(state))).toEqual([]);
  expect(["", "4260", "42601 ", "4260a", "42-01"].filter(isSqlstate)).toEqual([]);
});

test("the class is the first two characters", () => {
  expect(sqlstateClass("42601")).toBe("42");
  expect(sqlstateClass("")).toBe("");
});
