// The API on a free port over a real event log in a folder of its own. Live facts are plain values that a test sets.

import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi } from "../../src/api/app.ts";
import { type EventAppender, NotRecordedError } from "../../src/api/event-appender.ts";
import type {
  LiveMirroring,
  LiveStatus,
  LogCheckStatus,
  LoginFailures,
  ReadingStatus,
  RecordingStatus,
  Refusals,
} from "../../src/api/live-status.ts";
import { serveApi, type ServeOptions } from "../../src/api/server.ts";
import type { Clock } from "../../src/clock.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { EventLog } from "../../src/events/event-log.ts";
import type { Rebuilding } from "../../src/events/fold-rebuild.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createLog } from "../../src/log.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { InlineQuestions } from "./inline-questions.ts";

const DATABASES = `
[[databases]]
name = "*"
host = "127.0.0.1"
port = 5432
tls = "disable"
`;

/** Live facts under a test's control. */
class LiveFacts implements LiveStatus {
  recordingStatus: RecordingStatus = { state: "ok", cause: "" };
  logCheckStatus: LogCheckStatus = { state: "ok", damage: "" };
  readingStatus: ReadingStatus = {
    state: "ok",
    cause: "",
    unanswered: { busy: 1, timeout: 2, died: 3, error: 4 },
  };
  rebuildingStatus: Rebuilding | null = null;
  clients = 3;
  readonly states: LiveMirroring[] = [];

  recording(): RecordingStatus {
    return this.recordingStatus;
  }
  reading(): ReadingStatus {
    return this.readingStatus;
  }
  logCheck(): LogCheckStatus {
    return this.logCheckStatus;
  }
  rebuilding(): Rebuilding | null {
    return this.rebuildingStatus;
  }
  run(): number {
    return 1;
  }
  clientConnections(): number {
    return this.clients;
  }
  sessions(): number {
    return 2;
  }
  refusals(): Refusals {
    return { connections: 4, logins: 5, messages: 6 };
  }
  loginFailures(): LoginFailures {
    return { password: 7, protocol: 8, database: 9, primary: 10 };
  }
  unwatchedSessions(): number {
    return 7;
  }
  mirrorings(): readonly LiveMirroring[] {
    return this.states;
  }
}

export interface ApiFixture extends AsyncDisposable {
  readonly port: number;
  readonly events: EventLog;
  readonly live: LiveFacts;
  /** What pgsoak logged. */
  readonly logged: string[];
  /** Puts other lines of the [api] table in force, as a reload does. */
  reload(api: string): void;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Sends bytes as they are and answers with all that came back until the server closed or `until` was seen. */
  raw(bytes: string, until?: RegExp): Promise<string>;
}

export interface ApiFixtureOptions {
  /** Lines of the [api] table. */
  readonly api?: string;
  /** Lines of the [general] table. */
  readonly general?: string;
  /** More tables of the configuration. */
  readonly tables?: string;
  readonly serve?: Partial<ServeOptions>;
  readonly nowUs?: number;
}

/** Opens everything; the configuration is the default one but for `api` and `general`. */
export async function openApi(options: ApiFixtureOptions = {}): Promise<ApiFixture> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-api-"));
  const path = join(folder, "pgsoak.db");
  const configOf = (apiTable: string): Config => {
    const toml = `[events]\npath = ${JSON.stringify(path)}\n[general]\n${options.general ?? ""}\n[api]\n${apiTable}\n${DATABASES}\n${options.tables ?? ""}`;
    return parseConfig(toml, { file: null, env: {}, cwd: folder });
  };
  const folds = [new OpenRequests(), ...createProjections()];
  const events = await EventLog.open({ path, folds });
  const appender: EventAppender = {
    append: (event) => {
      if (live.recordingStatus.state === "broken") return Promise.reject(new NotRecordedError("disk full"));
      events.appendBatch([event]);
      return Promise.resolve({ seq: events.lastSeq, at: event.at });
    },
  };
  const closing = new AbortController();
  const live = new LiveFacts();
  const logged: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void logged.push(line) } });
  const questions = new InlineQuestions(path);
  const clock: Clock = { nowMs: () => 0, wallUs: () => options.nowUs ?? 0 };
  const context = {
    config: configOf(options.api ?? ""),
    questions,
    appender,
    live,
    log,
    clock,
    version: "1.2.3",
    proxy: { host: "127.0.0.1", port: 6432 },
    closing: closing.signal,
  };
  const app = createApi(context);
  const server = await serveApi(app, {
    host: "127.0.0.1",
    port: 0,
    ...options.serve,
  });
  return {
    port: server.port,
    events,
    live,
    logged,
    reload: (apiTable) => void (context.config = configOf(apiTable)),
    get: (target, init) => fetch(`http://127.0.0.1:${server.port}${target}`, init),
    raw: (bytes, until) => sendRaw(server.port, bytes, until),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await server.close();
      questions[Symbol.dispose]();
      events.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function sendRaw(port: number, bytes: string, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (until?.test(received) === true) socket.destroy();
    });
    socket.on("close", () => resolve(received));
    // A server that closes with unread bytes resets the connection: what came before counts.
    socket.on("error", (error) => (received === "" ? reject(error) : resolve(received)));
  });
}
