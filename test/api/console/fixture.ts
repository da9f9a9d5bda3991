// The console on a free port, over a source whose facts a test sets: nothing of the service is behind it.

import type { ConsoleSource } from "../../../src/api/console/console-source.ts";
import { type ConsoleOptions, type ConsoleServer, serveConsole } from "../../../src/api/console/console-server.ts";
import { createClock } from "../../../src/clock.ts";
import type { Config } from "../../../src/config/config.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { createLog } from "../../../src/log.ts";
import { blankStatsRow } from "../../../src/projections/stats-row.ts";

const DATABASES = '[[databases]]\nname = "*"\nhost = "127.0.0.1"\ntls = "disable"\n';

export interface ConsoleFixture extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Changes what the source answers with. */
  readonly source: { -readonly [Key in keyof ConsoleSource]: ConsoleSource[Key] };
  /** Lines of the process's log. */
  readonly logged: readonly string[];
}

export const configOf = (admin: string): Config =>
  parseConfig(`[admin]\n${admin}\n${DATABASES}`, { file: null, env: {} });

export async function openConsole(admin = "", options: Partial<ConsoleOptions> = {}): Promise<ConsoleFixture> {
  const logged: string[] = [];
  const log = createLog({ level: "debug", destination: { write: (line) => void logged.push(line) } });
  const source: ConsoleSource = {
    version: "1.2.3",
    clock: createClock(),
    config: configOf(admin),
    appender: { append: () => Promise.resolve({ seq: 1, at: 1 }) },
    readiness: () => Promise.resolve(["=== Mirror Migration Readiness Report ==="]),
    history: () => Promise.resolve([]),
    statements: () => Promise.resolve([]),
    stats: () => Promise.resolve({ seq: 0, since: null, total: blankStatsRow(), unrecorded: 0, lanes: [] }),
    mirrorings: () => [],
    clients: () => Promise.resolve([]),
    setPaused: () => Promise.resolve([]),
    set: () => Promise.resolve(),
    reload: () => Promise.resolve({ changed: [], needRestart: [] }),
    shutdown: () => {},
  };
  const server: ConsoleServer = await serveConsole(source, { host: "127.0.0.1", port: 0, log, ...options });
  return { host: server.host, port: server.port, source, logged, [Symbol.asyncDispose]: () => server.close() };
}
