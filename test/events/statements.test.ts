import { beforeAll, expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { countersReset } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";

beforeAll(loadStatementParser);

test("statements that differ in literals only share an id, others don't", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const id = log.statements.register("select a from t where b = 1 and c in (1, 2)");
  expect(id).toBe(1);
  expect(log.statements.register("SELECT a FROM t WHERE b = 22 and c in (3, 4, 5) -- again")).toBe(id);
  expect(log.statements.register("select a from u where b = 1")).toBe(2);
  expect(log.statements.register("nonsense 1")).toBe(3);
  expect(log.statements.register("nonsense 2")).toBe(3);
  expect(log.statements.register(" ; ")).toBe(0);
});

test("ids last over a restart, and the stored text is the normalised one", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [] });
  first.statements.register("select a from t where b = 'secret'");
  first.appendBatch([countersReset(1)]);
  first.close();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  expect(log.reader.statementText(1)).toBe("select a from t where b = ?");
  expect(log.reader.statementText(0)).toBeNull();
  expect(log.statements.register("select a from t where b = 'other'")).toBe(1);
  expect(log.statements.register("select 1")).toBe(2);
});

test("a password leaves no trace, not even in the fingerprint", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const id = log.statements.register("ALTER ROLE app PASSWORD 'hunter2'");
  expect(log.statements.register("ALTER ROLE app PASSWORD 'correct horse'")).toBe(id);
  expect(log.statements.register("create user mapping for a server s options (password 'hunter2')")).toBe(2);
  expect(log.statements.register("create user mapping for a server s options (password 'horse')")).toBe(2);
});

test("5,000 statements have a name, later ones are statement 0", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  for (let i = 1; i <= 5000; i++) expect(log.statements.register(`select a${i} from t`)).toBe(i);
  expect(log.statements.register("select one_more from t")).toBe(0);
  expect(log.statements.register("select a17 from t")).toBe(17);
});

test("a long statement is stored up to 4 kB, on a character's edge", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const id = log.statements.register(`select "${"é".repeat(5000)}" from t`);
  log.appendBatch([countersReset(1)]);
  const text = log.reader.statementText(id)!;
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  expect(text).toMatch(/^select "é+…$/);
});

test("the parser survives statements nested thousands deep", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  for (const part of ["(", "not ", "- ", "(select ", "array[", "case when "]) {
    log.statements.register(`select ${part.repeat(Math.floor(16_000 / part.length))}`);
    const end = { "(": ")", "(select ": ")", "array[": "]" }[part] ?? "";
    log.statements.register(`select ${part.repeat(2000)}1${end.repeat(2000)}`);
  }
  expect(log.statements.register("select 1")).toBe(log.statements.register("select 2"));
});
