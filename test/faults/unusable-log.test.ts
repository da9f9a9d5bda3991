import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import Sqlite from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { logFolder } from "../events/log-folder.ts";
import { writeBusyLog } from "../events/write-busy-log.ts";
import { relayTables } from "../helpers/config-text.ts";
import { preparePgsoakProcess } from "../helpers/pgsoak-process.ts";

const TABLES = relayTables({ host: "127.0.0.1", port: 1 });
const NOBODY = 65_534;
const EXIT_SOFTWARE = 70;

/** A small log that a service has written and closed. */
async function placeLog(path: string): Promise<void> {
  using made = logFolder();
  await writeBusyLog(made.path, 1);
  copyFileSync(made.path, path);
}

const tampered =
  (sql: string) =>
  async (path: string): Promise<void> => {
    await placeLog(path);
    const db = new Sqlite(path);
    db.exec(sql);
    db.close();
  };

interface Case {
  readonly what: string;
  readonly place: (path: string) => unknown;
  readonly says: RegExp;
  /** Root is stopped by no permission. */
  readonly asNobody?: boolean;
}

const CASES: readonly Case[] = [
  { what: "a folder", place: (path) => mkdirSync(path), says: /is a folder.*Choose another/ },
  { what: "a link that leads nowhere", place: (path) => symlinkSync(`${path}.missing`, path), says: /leads nowhere/ },
  { what: "a link to itself", place: (path) => symlinkSync(path, path), says: /can't be reached|leads nowhere/ },
  { what: "a text", place: (path) => writeFileSync(path, "hello ".repeat(2000)), says: /is damaged.*\.recover/ },
  {
    what: "a log whose header is destroyed",
    place: async (path) => {
      await placeLog(path);
      writeFileSync(path, Buffer.alloc(100, 0xff), { flag: "r+" });
    },
    says: /is damaged.*Restore it from a backup/,
  },
  {
    what: "a log that was cut short",
    place: async (path) => {
      await placeLog(path);
      truncateSync(path, statSync(path).size / 2);
    },
    says: /is damaged/,
  },
  {
    what: "a log of a newer schema",
    place: tampered("insert into kysely_migration values ('9999-future', '2099-01-01T00:00:00.000Z')"),
    says: /written by a newer pgsoak \(9999-future\)/,
  },
  {
    what: "a log that ends with an event of an unknown kind",
    place: tampered("update event set kind = 99 where seq = (select max(seq) from event)"),
    says: /unknown kind 99/,
  },
  {
    what: "a file that may only be read",
    place: async (path) => {
      await placeLog(path);
      chownSync(path, NOBODY, NOBODY);
      chmodSync(path, 0o444);
    },
    says: /can't be used.*permissions/,
    asNobody: true,
  },
  {
    what: "another user's file",
    place: async (path) => {
      await placeLog(path);
      chmodSync(path, 0o600);
    },
    says: /can't be used.*owner/,
    asNobody: true,
  },
];

/** Of SQLite's header, counted up by whoever opens the file for writing: sqlite.org/fileformat.html, 1.3. */
const COUNTERS = [24, 92, 96];

/** A digest of what is there but for SQLite's own counters; the kind of thing for what is no file. */
function contentOf(path: string): unknown {
  const stats = lstatSync(path);
  if (!stats.isFile()) return stats.mode;
  const bytes = readFileSync(path);
  for (const offset of COUNTERS) bytes.fill(0, offset, offset + 4);
  return createHash("sha256").update(bytes).digest("hex");
}

describe("a service whose log can't be used doesn't start, says why, and leaves it as it is", () => {
  test.each(CASES)("$what", async ({ what: _what, place, says, asNobody = false }) => {
    if (asNobody && process.getuid?.() !== 0) return;
    await using pgsoak = await preparePgsoakProcess({ tables: TABLES, ...(asNobody ? { uid: NOBODY } : {}) });
    await place(pgsoak.logFile);
    const before = contentOf(pgsoak.logFile);
    pgsoak.launch();
    expect(await pgsoak.ended()).toEqual({ code: EXIT_SOFTWARE, signal: null });
    expect(pgsoak.output()).toMatch(says);
    expect(pgsoak.output().match(/^pgsoak: .*/gm)).toHaveLength(1);
    expect(contentOf(pgsoak.logFile)).toEqual(before);
  });

  test.skipIf(process.getuid?.() !== 0)("a folder that may only be read", async () => {
    await using pgsoak = await preparePgsoakProcess({ tables: TABLES, uid: NOBODY });
    await placeLog(pgsoak.logFile);
    chownSync(pgsoak.logFile, NOBODY, NOBODY);
    chownSync(pgsoak.folder, 0, 0);
    chmodSync(pgsoak.folder, 0o755);
    pgsoak.launch();
    expect(await pgsoak.ended()).toEqual({ code: EXIT_SOFTWARE, signal: null });
    expect(pgsoak.output()).toMatch(/pgsoak\.db\.lock of the event log can't be used/);
  });
});

const USABLE: readonly { readonly what: string; readonly place: (path: string) => unknown }[] = [
  { what: "a file of 0 bytes", place: (path) => writeFileSync(path, "") },
  {
    what: "a link to a log",
    place: async (path) => {
      await placeLog(`${path}.elsewhere`);
      symlinkSync(`${path}.elsewhere`, path);
    },
  },
];

describe("a service whose log is elsewhere or empty starts", () => {
  test.each(USABLE)("$what", async ({ place }) => {
    await using pgsoak = await preparePgsoakProcess({ tables: TABLES });
    await place(pgsoak.logFile);
    await pgsoak.start();
    expect((await fetch(pgsoak.api("/healthz/recording"))).status).toBe(200);
    expect(await pgsoak.stop()).toEqual({ code: 0, signal: null });
  });
});
