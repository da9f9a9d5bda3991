import { expect, test } from "vitest";
import { createDatabase, primary } from "./clusters.ts";
import { errorFields, type Frame, RawClient } from "./frames.ts";
import * as messages from "./messages.ts";

const typesOf = (frames: readonly Frame[]): string => frames.map(({ type }) => type).join("");

test("a simple query and an extended one get PostgreSQL's answers, frame by frame", async () => {
  await using database = await createDatabase("frames");
  await using client = await RawClient.login(database.primary, { user: "postgres", database: database.name });
  expect(typesOf(await client.exchange(messages.query("SELECT 1; SELECT 2")))).toBe("TDCTDCZ");

  const { parse, bind, describe, execute, close, sync } = messages;
  const answers = await client.exchange(
    parse("s", "SELECT generate_series(1, $1::int)"),
    describe("S", "s"),
    bind("p", "s", ["3"]),
    execute("p", 2),
    execute("p"),
    close("S", "s"),
    sync(),
  );
  expect(typesOf(answers)).toBe("1tT2DDsDC3Z");
});

test("COPY goes in by messages, or fails by one", async () => {
  await using database = await createDatabase("frames");
  await database.onPrimary("CREATE TABLE t (n int)");
  await using client = await RawClient.login(database.primary, { user: "postgres", database: database.name });
  client.send(messages.query("COPY t FROM STDIN"));
  await client.until("G");
  await client.exchange(messages.copyData(Buffer.from("1\n2\n")), messages.copyDone());
  expect(await database.onPrimary("SELECT count(*)::int AS n FROM t")).toEqual([{ n: 2 }]);

  client.send(messages.query("COPY t FROM STDIN"));
  await client.until("G");
  const [error] = await client.exchange(messages.copyData(Buffer.from("3\n")), messages.copyFail("changed my mind"));
  expect(errorFields(error!)).toMatchObject({ C: "57014", M: expect.stringContaining("changed my mind") });
});

test("an ErrorResponse is read field by field, and the end of the connection is seen", async () => {
  await using client = await RawClient.connect(primary());
  client.send(messages.startupMessage({ user: "postgres", database: "no such database" }));
  const error = (await client.until("E")).at(-1)!;
  expect(errorFields(error)).toMatchObject({ S: "FATAL", C: "3D000" });
  expect(await client.closed()).toBe("end");
  await expect(client.frame()).rejects.toThrow("ended (end)");
});

test("SSLRequest is answered by one byte without a frame", async () => {
  await using client = await RawClient.connect(primary());
  client.send(messages.sslRequest());
  expect(await client.byte()).toBe("N");
});
