import { expect, test } from "vitest";
import { z } from "zod";
import { mirrorTables } from "../helpers/config-text.ts";
import { startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { waitFor } from "../helpers/wait-for.ts";

const NOWHERE = { host: "127.0.0.1", port: 1 };
const ELSEWHERE = { host: "127.0.0.1", port: 2 };

const observationsSchema = z.object({
  mirrorings: z.array(
    z.object({
      mirroring: z.string(),
      observed_seconds: z.number(),
      gaps: z.array(z.object({ seconds: z.number(), cause: z.string() })),
      epoch: z.object({ what: z.string(), before: z.string(), after: z.string() }).nullable(),
    }),
  ),
});

test("lives and ends of the process are in the ledger, and a changed filter begins an epoch", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: mirrorTables(NOWHERE, ELSEWHERE, { name: "pg18" }) });
  const json = async (path: string): Promise<unknown> => (await fetch(pgsoak.api(path))).json();
  const mark = (): Promise<Response> =>
    fetch(pgsoak.api("/markers"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"text":"still here"}',
    });
  const pg18 = async () => observationsSchema.parse(await json("/observations?window=1h")).mirrorings[0]!;

  expect((await mark()).status).toBe(201);
  await pgsoak.stop();
  await pgsoak.start();
  expect((await mark()).status).toBe(201);
  await pgsoak.kill();
  await pgsoak.start();
  await waitFor(async () => (await mark()).status === 201);
  const { mirroring, gaps, epoch, observed_seconds: seconds } = await pg18();
  expect([mirroring, epoch]).toEqual(["pg18", null]);
  expect(gaps.map(({ cause }) => cause)).toEqual(["before_log", "stopped", "crash"]);
  expect(seconds).toBeGreaterThan(0);
  const total = gaps.reduce((sum, gap) => sum + gap.seconds, seconds);
  expect(total).toBeGreaterThan(3590);
  expect(total).toBeLessThanOrEqual(3600.000_001);

  await pgsoak.stop();
  pgsoak.configure(mirrorTables(NOWHERE, ELSEWHERE, { name: "pg18", level: "reads", exposure: 0.5, timeout_ms: 100 }));
  await pgsoak.start();
  expect((await pg18()).epoch).toEqual({ what: "level", before: "all", after: "reads" });
  expect(await json("/events?kind=epoch_started")).toMatchObject({ events: [{ mirroring: "pg18", who: "pgsoak" }] });
}, 60_000);
