import { expect, test } from "vitest";
import { PgsoakError } from "../src/errors.ts";
import { createLog, type Log, logLevelOf, type LogLevel } from "../src/log.ts";

function logged(level: LogLevel, write: (log: Log) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level, destination: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line));
}

test("a line is one JSON object with level, time, message and fields", () => {
  const lines = logged("info", (log) => log.warn("a mirror\nis down", { mirroring: "candidate", attempts: 3 }));
  expect(lines).toEqual([
    {
      level: "warn",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      mirroring: "candidate",
      attempts: 3,
      msg: "a mirror\nis down",
    },
  ]);
});

test("lines below the level are left out", () => {
  expect(logged("debug", writeAll)).toHaveLength(4);
  expect(logged("warn", writeAll).map(({ msg }) => msg)).toEqual(["3", "4"]);
});

test("secrets never enter a line, however deep they are and whatever is around them", () => {
  const config = { databases: [{ name: "app", password: "hunter2" }], api: { token: "hunter2", apiToken: "hunter2" } };
  const error = Object.assign(new Error("refused", { cause: { secret: "hunter2" } }), { password: "hunter2" });
  const [line, child] = logged("info", (log) => {
    log.info("x", { config, error, password: "hunter2", scramVerifier: "hunter2", empty: { token: null } });
    log.child({ token: "hunter2", run: 7 }).info("y", { secret: "hunter2" });
  });
  expect(JSON.stringify([line, child])).not.toContain("hunter2");
  expect(line).toMatchObject({
    config: { databases: [{ name: "app", password: "********" }], api: { token: "********", apiToken: "********" } },
    error: { name: "Error", message: "refused", cause: { secret: "********" } },
    password: "********",
    empty: { token: null },
  });
  expect(child).toMatchObject({ token: "********", run: 7, secret: "********", msg: "y" });
});

test("fields that contain themselves are cut, not followed for ever", () => {
  const fields: Record<string, unknown> = {};
  fields["self"] = fields;
  expect(logged("info", (log) => log.info("x", fields))).toHaveLength(1);
});

test("bytes are counted, not printed, and big integers are numbers", () => {
  const [line] = logged("info", (log) => log.info("x", { frame: Buffer.from("hunter2"), position: 2n ** 60n }));
  expect(line).toMatchObject({ frame: "7 bytes", position: 2 ** 60 });
});

test("the level comes from PGSOAK_LOG_LEVEL, and a wrong one is a configuration error", () => {
  expect(logLevelOf({})).toBe("info");
  expect(logLevelOf({ PGSOAK_LOG_LEVEL: "debug" })).toBe("debug");
  expect(() => logLevelOf({ PGSOAK_LOG_LEVEL: "loud" })).toThrow(
    new PgsoakError("config_invalid", 'PGSOAK_LOG_LEVEL: expected one of "debug", "info", "warn", "error", got "loud"'),
  );
});

function writeAll(log: Log): void {
  log.debug("1");
  log.info("2");
  log.warn("3");
  log.error("4");
}
