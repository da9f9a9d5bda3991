import { describe, expect, test } from "vitest";
import { categorise, type MirrorFailure } from "../../../src/proxy/mirror/categorise.ts";

const ready: MirrorFailure = { phase: "ready", sqlstate: "", timedOut: false, socketError: false };

describe("categorise", () => {
  test.each([
    ["42P01", "query", "compatibility"],
    ["42601", "query", "compatibility"],
    ["0A000", "query", "compatibility"],
    ["23505", "query", "data_drift"],
    ["02000", "query", "data_drift"],
    ["21000", "query", "data_drift"],
    ["40001", "query", "ordering"],
    ["40P01", "query", "ordering"],
    ["53100", "query", "capacity"],
    ["54001", "query", "capacity"],
    ["53300", "connection", "capacity"],
    ["08006", "connection", "plumbing"],
    ["28P01", "connection", "plumbing"],
    ["57P01", "connection", "plumbing"],
    ["57P02", "connection", "plumbing"],
    ["57P03", "connection", "plumbing"],
    ["57P04", "connection", "plumbing"],
    ["57P05", "connection", "plumbing"],
    ["57014", "timeout", "timeout"],
    ["55P03", "timeout", "timeout"],
    ["25P03", "timeout", "timeout"],
    ["25P04", "timeout", "timeout"],
    ["22012", "query", "other"],
    ["25006", "query", "other"],
    ["57000", "query", "other"],
    ["XX000", "query", "other"],
    ["U0001", "query", "other"],
  ] as const)("%s is %s, for people %s", (sqlstate, category, attribution) => {
    expect(categorise({ ...ready, sqlstate })).toEqual({ category, attribution });
  });

  test("our own timer decides before what the server said", () => {
    const expected = { category: "timeout", attribution: "timeout" };
    expect(categorise({ ...ready, timedOut: true, sqlstate: "42601" })).toEqual(expected);
    expect(categorise({ ...ready, timedOut: true, socketError: true })).toEqual(expected);
  });

  test("a lost connection decides before an error that doesn't end one", () => {
    const expected = { category: "connection", attribution: "plumbing" };
    expect(categorise({ ...ready, socketError: true })).toEqual(expected);
    expect(categorise({ ...ready, socketError: true, sqlstate: "42601" })).toEqual(expected);
    expect(categorise({ ...ready, socketError: true, sqlstate: "57P01" })).toEqual(expected);
  });

  test("a server that says why it ends the connection is believed", () => {
    expect(categorise({ ...ready, socketError: true, sqlstate: "25P03" }).category).toBe("timeout");
    expect(categorise({ ...ready, socketError: true, sqlstate: "53300" }).attribution).toBe("capacity");
  });

  test.each([
    [{ sqlstate: "3D000" }, "plumbing"],
    [{ sqlstate: "42704" }, "plumbing"],
    [{ sqlstate: "28P01" }, "plumbing"],
    [{ sqlstate: "53300" }, "capacity"],
    [{ socketError: true }, "plumbing"],
    [{ timedOut: true }, "timeout"],
    [{}, "plumbing"],
  ] as const)("before the first ReadyForQuery %j is a matter of connection, for people %s", (failure, attribution) => {
    expect(categorise({ ...ready, phase: "login", ...failure })).toEqual({ category: "connection", attribution });
  });

  test("the text decides only when there is nothing else", () => {
    expect(categorise({ ...ready, message: "query timed out" }).category).toBe("timeout");
    expect(categorise({ ...ready, message: "server closed the connection unexpectedly" }).category).toBe("connection");
    expect(categorise({ ...ready, message: "something else" })).toEqual({ category: "query", attribution: "other" });
    expect(categorise({ ...ready, sqlstate: "22012", message: "query timed out" }).category).toBe("query");
  });
});
