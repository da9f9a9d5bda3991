// Throw-away servers, started for real: one of each major, broken in every way the tests and the demo need.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { expect, test } from "vitest";
import { childProcesses } from "../../src/demo/child-processes.ts";
import { z } from "zod";
import { isPortFree } from "../../src/demo/free-port.ts";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { withClient } from "../helpers/clusters.ts";
import { waitFor } from "../helpers/wait-for.ts";

function versionOf(server: PostgresServer): Promise<string> {
  return withClient({ connectionString: server.url() }, async (client) => {
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    return rows[0]!.server_version;
  });
}

test.each([16, 18] as const)("a PostgreSQL %i starts, answers, and leaves nothing when it stops", async (major) => {
  const server = await startPostgres({ major });
  expect(await versionOf(server)).toMatch(new RegExp(`^${major}\\.`));
  await server.stop();
  expect(server.pid).toBeNull();
  expect(existsSync(dirname(server.dataFolder))).toBe(false);
  expect(await isPortFree(server.port)).toBe(true);
  await server.stop();
});

test.each(["md5", "scram-sha-256"] as const)(
  "auth %s lets in who knows the password, and nobody else",
  async (auth) => {
    await using server = await startPostgres({ major: 16, auth, password: "s3cret:/@" });
    expect(await versionOf(server)).toMatch(/^16/);
    const stranger = new Client({ host: server.host, port: server.port, user: "postgres", password: "wrong" });
    await expect(stranger.connect()).rejects.toMatchObject({ code: "28P01" });
  },
);

test("settings and pg_hba lines are the caller's", async () => {
  const hba = ["host all postgres 127.0.0.1/32 trust"];
  await using server = await startPostgres({ major: 18, hba, settings: { max_connections: 7 } });
  const shown = await withClient({ connectionString: server.url() }, async (client) => {
    await client.query("CREATE ROLE stranger LOGIN");
    return await client.query("SHOW max_connections");
  });
  expect(shown.rows).toEqual([{ max_connections: "7" }]);
  const stranger = new Client({ host: server.host, port: server.port, user: "stranger", database: "postgres" });
  await expect(stranger.connect()).rejects.toMatchObject({ code: "28000" });
});

test("a setting that PostgreSQL refuses is an error with PostgreSQL's own words", async () => {
  const starting = startPostgres({ major: 18, settings: { max_connections: "many" } });
  await expect(starting).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("max_connections"),
  });
});

test("a suspended server accepts connections, answers nobody, and goes on where it was when resumed", async () => {
  await using server = await startPostgres({ major: 16 });
  await withClient({ connectionString: server.url() }, async (client) => {
    const before = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    server.suspend();
    const socket = connect(server.port, server.host);
    await once(socket, "connect");
    let answered = false;
    const pending = client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid").finally(() => (answered = true));
    await waitFor(() => statesOf(server).every((state) => state === "T"), { message: "every process is stopped" });
    expect(answered).toBe(false);
    server.resume();
    expect((await pending).rows).toEqual(before.rows);
    socket.destroy();
  });
});

test("a killed server breaks its sessions and keeps its committed data for the restart on the same port", async () => {
  await using server = await startPostgres({ major: 18 });
  const client = new Client({ connectionString: server.url() });
  const broken = once(client, "error");
  await client.connect();
  await client.query("CREATE TABLE kept AS SELECT 42 AS answer");
  await client.query("CHECKPOINT");
  const { port } = server;
  await server.kill();
  await broken;
  expect(server.pid).toBeNull();
  expect(await isPortFree(port)).toBe(true);
  await server.restart();
  expect(server.port).toBe(port);
  const kept = await withClient({ connectionString: server.url() }, (again) => again.query("SELECT answer FROM kept"));
  expect(kept.rows).toEqual([{ answer: 42 }]);
});

test("restart ends a suspended server too", async () => {
  await using server = await startPostgres({ major: 16 });
  const before = server.pid;
  server.suspend();
  await server.restart();
  expect(server.pid).not.toBe(before);
  expect(await versionOf(server)).toMatch(/^16/);
});

/** One letter for each process of the server, as in proc(5): T is stopped. */
function statesOf(server: PostgresServer): string[] {
  const pids = [server.pid!, ...childProcesses(server.pid!)];
  return pids.map((pid) => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "");
}

/** A process that waits for its parent to notice its end (a zombie) doesn't run. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
  "servers end and their folders go when their parent dies of %s, even while one is suspended",
  async (signal) => {
    const parent = spawn(process.execPath, ["--input-type=module", "-e", PARENT], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface(parent.stdout);
    const [line] = await once(lines, "line");
    const servers = startedSchema.parse(JSON.parse(String(line)));
    expect(servers).toHaveLength(2);
    parent.kill(signal);
    await waitFor(() => servers.every(({ folder }) => !existsSync(folder)), { message: "the folders are gone" });
    for (const { port, pid } of servers) {
      expect(await isPortFree(port)).toBe(true);
      expect(isRunning(pid)).toBe(false);
    }
  },
);

const startedSchema = z.array(z.object({ port: z.int(), folder: z.string(), pid: z.int() }));

const PARENT = `
  const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/demo/postgres-server.ts"))});
  const servers = await Promise.all([startPostgres({ major: 16 }), startPostgres({ major: 18 })]);
  servers[0].suspend();
  const folderOf = (server) => server.dataFolder.slice(0, server.dataFolder.lastIndexOf("/"));
  console.log(JSON.stringify(servers.map((s) => ({ port: s.port, folder: folderOf(s), pid: s.pid }))));
  setInterval(() => {}, 1000);
`;
