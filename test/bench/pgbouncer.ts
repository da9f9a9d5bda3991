// pgbouncer in session mode, the relay that pgsoak is measured against.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/demo/free-port.ts";
import { startProcessWatchdog } from "../../src/demo/process-watchdog.ts";
import { waitFor } from "../helpers/wait-for.ts";

export interface Pgbouncer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
}

export async function startPgbouncer(program: string, target: { host: string; port: number }): Promise<Pgbouncer> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-pgbouncer-"));
  // It refuses to run as root, and nobody must be able to read its file.
  chmodSync(folder, 0o755);
  const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const port = await freePort();
  const file = join(folder, "pgbouncer.ini");
  writeFileSync(file, configuration(port, target));
  const watchdog = startProcessWatchdog(folder);
  const child = spawn(program, ["-q", file], { ...owner, cwd: "/", stdio: ["ignore", "ignore", "inherit"] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`can't run ${program}`);
  watchdog.guard(pid);
  await waitFor(() => accepts(port), { message: "pgbouncer accepts connections" });
  return {
    host: "127.0.0.1",
    port,
    pid,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      watchdog.guard(null);
      await watchdog.release();
    },
  };
}

function configuration(port: number, target: { host: string; port: number }): string {
  return `[databases]
* = host=${target.host} port=${target.port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 200
default_pool_size = 100
ignore_startup_parameters = extra_float_digits
`;
}

async function accepts(port: number): Promise<true> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } finally {
    socket.destroy();
  }
}
