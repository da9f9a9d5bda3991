import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { flipBit } from "../events/flip-bit.ts";
import { logFolder } from "../events/log-folder.ts";
import { writeBusyLog } from "../events/write-busy-log.ts";
import { relayTables } from "../helpers/config-text.ts";
import { startPgsoak, type RunningPgsoak } from "../helpers/start-pgsoak.ts";
import { waitFor } from "../helpers/wait-for.ts";

const PAGE_BYTES = 4096;
const healthSchema = z.object({ recording: z.string(), log: z.string(), damage: z.string().optional() });

/** Nobody connects: the log alone matters. */
const TABLES = relayTables({ host: "127.0.0.1", port: 1 });

/** What /healthz says once the whole log was looked at. */
async function checkedHealth(pgsoak: RunningPgsoak): Promise<z.infer<typeof healthSchema>> {
  return await waitFor(async () => {
    const health = healthSchema.parse(await (await fetch(pgsoak.api("/healthz"))).json());
    return health.log === "checking" ? null : health;
  });
}

const damagedMetric = async (pgsoak: RunningPgsoak): Promise<string> =>
  /^pgsoak_event_log_damaged (.*)$/m.exec(await (await fetch(pgsoak.api("/metrics"))).text())![1]!;

/** In the middle of the file, where old events are. */
const middleOf = (file: string): number => Math.floor(statSync(file).size / 2 / PAGE_BYTES) * PAGE_BYTES + 3000;

describe("the check of the whole log after a start", () => {
  test("says that a sound log is sound", async () => {
    using folder = logFolder();
    await writeBusyLog(folder.path);
    await using pgsoak = await startPgsoak(TABLES, { folder: folder.folder });
    expect(await checkedHealth(pgsoak)).toEqual({ recording: "ok", log: "ok" });
    expect(await damagedMetric(pgsoak)).toBe("0");
    expect(pgsoak.log().join("")).toContain("the event log is sound");
  });

  test("finds a flipped bit in the middle, says where and what to do, goes on recording and repairs nothing", async () => {
    using folder = logFolder();
    await writeBusyLog(folder.path);
    const offset = middleOf(folder.path);
    flipBit(folder.path, offset);
    const page = (): Buffer => readFileSync(folder.path).subarray(offset - 3000, offset - 3000 + PAGE_BYTES);
    const damaged = page();
    await using pgsoak = await startPgsoak(TABLES, { folder: folder.folder });
    const health = await checkedHealth(pgsoak);
    expect(health).toMatchObject({ recording: "ok", log: "damaged" });
    expect(health.damage).toMatch(/^events \d+ to \d+: .*restore the log from a backup/);
    expect(await damagedMetric(pgsoak)).toBe("1");
    const line = pgsoak.log().find((text) => text.includes("the event log is damaged"));
    expect(JSON.parse(line!)).toMatchObject({ level: "error", findings: [expect.stringMatching(/^events/)] });
    expect(page().equals(damaged)).toBe(true);
  });
});
