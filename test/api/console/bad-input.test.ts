// Every command of the console's own table × every argument that its syntax names, with everything that is none: an error with
// a SQLSTATE of the documents and words of what was expected, and a session that goes on.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { Client, DatabaseError } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMANDS } from "../../../src/api/console/commands.ts";
import { openReader } from "../../../src/events/log-reader.ts";
import { HOSTILE_TEXTS, hostileText } from "../contract/hostile-values.ts";
import { startWatchedService, type WatchedService } from "../contract/watched-service.ts";

const RANDOM_RUNS = 150;
const MESSAGE_CHARACTERS_MAX = 400;
/** They end or change the service, which other tests are about: here they are only written wrongly. */
const NOT_OBEYED = new Set(["SHUTDOWN", "RELOAD"]);
/** SQLSTATEs that the document has for what somebody wrote wrongly. */
const REFUSALS = [
  ...readFileSync(join(import.meta.dirname, "../../../docs/console.md"), "utf8").matchAll(/^\| (4\w{4}|22\w{3}) \|/gm),
];

let service: WatchedService;
let client: Client;
beforeAll(async () => {
  service = await startWatchedService();
  client = new Client({ ...service.pgsoak.admin, user: "alice", database: "pgsoak" });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await service[Symbol.asyncDispose]();
});

/** The words of a syntax with what may stand in its place: `[WINDOW '7d']` is an option, `'7d'`, `0.5` and `name` are arguments. */
interface Syntax {
  readonly name: string;
  readonly options: readonly string[];
  readonly arguments: readonly string[];
  /** With all options, each argument replaced by what is asked for. */
  write(values: readonly string[]): string;
}

const ARGUMENT = /'[^']*'|\b[a-z]+(?=\])|\d+(?:\.\d+)?/g;

function syntaxOf({ name, syntax }: (typeof COMMANDS)[number]): Syntax {
  const options = [...syntax.matchAll(/\[([A-Z]+) [^\]]*\]/g)].map(([, word]) => word!);
  const args = syntax.match(ARGUMENT) ?? [];
  const write = (values: readonly string[]): string => {
    let place = 0;
    return syntax.replace(ARGUMENT, () => values[place++] ?? "").replaceAll(/[[\]]/g, "");
  };
  return { name, options, arguments: args, write };
}

const SYNTAXES = COMMANDS.map(syntaxOf);
/** Arguments that are right: those of the syntax, and the mirroring that there is. */
const right = ({ arguments: args }: Syntax): string[] => args.map((text) => (text === "name" ? "pg18" : text));
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Asks in either protocol; null when it was done, else how it was refused. */
async function ask(text: string, queryMode: "simple" | "extended" = "simple"): Promise<DatabaseError | null> {
  try {
    await client.query({ text, ...(queryMode === "extended" ? { queryMode } : {}) });
    return null;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const { code, message, hint = "", severity } = error;
    const about = text.slice(0, 200);
    expect([about, severity, code]).toEqual([
      about,
      "ERROR",
      expect.stringMatching(REFUSALS.map(([, state]) => state).join("|")),
    ]);
    expect([about, `${message} ${hint}`]).toEqual([
      about,
      expect.stringMatching(/expected|It is |There is |must be|SHOW HELP|unterminated/),
    ]);
    expect([about, message]).toEqual([about, expect.not.stringMatching(/\p{Cc}|SQLITE|\.ts:\d/u)]);
    expect([about, message.length < MESSAGE_CHARACTERS_MAX]).toEqual([about, true]);
    return error;
  }
}

test("every command is done as its syntax has it, in both protocols", async () => {
  expect(SYNTAXES.filter(({ arguments: args }) => args.length > 0).length).toBeGreaterThan(6);
  for (const syntax of SYNTAXES.filter(({ name }) => !NOT_OBEYED.has(name))) {
    const text = syntax.write(right(syntax));
    expect([text, await ask(text), await ask(`${text} ;`, "extended")]).toEqual([text, null, null]);
    expect([text, await ask(text.toLowerCase())]).toEqual([text.toLowerCase().replace(text.toLowerCase(), text), null]);
  }
});

async function marks(): Promise<number> {
  using reader = openReader(service.pgsoak.logFile);
  const events = await reader.readEvents({ after: 0, limit: 10_000, kinds: ["marked"] });
  // SET leaves a note too, by and by.
  return events.filter((event) => event.kind === "marked" && !event.text.includes("mirror_exposure")).length;
}

test("whatever an argument is, the command is done or refused with what was expected", async () => {
  const before = await marks();
  let done = 0;
  const texts = HOSTILE_TEXTS.filter((text) => !text.includes("\0"));
  const values = [
    ...texts.map(quoted),
    ...texts.map((text) => `"${text.replaceAll('"', '""')}"`),
    "NULL",
    "-1",
    "1e999",
    "$1",
    "*",
    "DEFAULT",
  ];
  for (const syntax of SYNTAXES) {
    for (let place = 0; place < syntax.arguments.length; place++) {
      for (const [index, value] of values.entries()) {
        const refused = await ask(
          syntax.write(right(syntax).with(place, value)),
          index % 2 === 0 ? "simple" : "extended",
        );
        if (syntax.name === "MARK" && refused === null) done++;
      }
    }
  }
  expect((await marks()) - before).toBe(done);
});

test("surplus, missing and repeated words are refused", async () => {
  for (const syntax of SYNTAXES) {
    const text = syntax.write(right(syntax));
    for (const surplus of ["x", "'x'", "1", "WINDOW", "WINDOW '1h' WINDOW '1h'", "= 1", "\u001b[2J", "😀"]) {
      // A name may be any word, and a value be followed by its unit.
      const words =
        NOT_OBEYED.has(syntax.name) || syntax.arguments.length > 0
          ? `${text} ${surplus} ${surplus}`
          : `${text} ${surplus}`;
      expect([words, (await ask(words))?.code]).toEqual([words, "42601"]);
    }
    for (const option of syntax.options) {
      for (const wrong of [
        option,
        `${option} x`,
        `${option} 24`,
        `${option} = '24h'`,
        `${option} '24h' ${option} '24h'`,
      ]) {
        const words = `${syntax.name} ${wrong}`;
        expect([words, (await ask(words))?.code]).toEqual([words, "42601"]);
      }
    }
  }
});

test("whatever is asked, the session goes on", async () => {
  const command = fc.constantFrom(...SYNTAXES.filter(({ name }) => !NOT_OBEYED.has(name)).map(({ name }) => name));
  const text = hostileText.filter((each) => !each.includes("\0"));
  const words = fc.oneof(
    text,
    text.map(quoted),
    fc.constantFrom("WINDOW", "STEP", "MIRROR", ";", "--", "/*", "$1", "'", '"'),
  );
  await fc.assert(
    fc.asyncProperty(command, fc.array(words, { maxLength: 5 }), fc.boolean(), async (name, rest, isSimple) => {
      // A comment would hide the rest, and a second statement is one of its own.
      const tail = rest.join(" ").replaceAll(";", ",");
      await ask(`${name} ${tail}`, isSimple ? "simple" : "extended");
      expect((await client.query("SHOW VERSION")).rows.length).toBe(1);
    }),
    { numRuns: RANDOM_RUNS },
  );
});
