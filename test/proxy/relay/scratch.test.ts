import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query, sync } from "../../helpers/messages.ts";
import { disorderlyCase } from "../../faults/bad-input-grammar.ts";

test.each([1,2,3,4,5,6])("disorder %i", async (seed) => {
  await using database = await createDatabase("scratch");
  await database.onBoth("CREATE TABLE fuzzed (id int)");
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, {queue_length: 1000}));
  const batch = fc.sample(disorderlyCase, { seed: seed + Number(process.env["SEED"] ?? 0), numRuns: 1000 });
  const c = await RawClient.login(proxy, {user:"postgres",database:database.name});
  let shown = 0; let count = 0;
  for (const [n, messages] of batch.entries()) {
    c.send(...messages, sync(), query(`ROLLBACK; SELECT 'case ${n}'`));
    let got = "";
    for (;;) { const f = await c.frame(); got += f.type; if (f.type==="D" && f.body.includes(`case ${n}`)) break; }
    await c.until("Z");
    await new Promise(r => setTimeout(r, 12));
    const { seen } = await proxy.tally(0);
    const outcomes = await proxy.outcomes(seen, 3000).catch(() => null);
    const fresh = outcomes?.slice(count) ?? [];
    count = outcomes?.length ?? count;
    const bad = fresh.filter((o) => o.kind !== "mirrored" || !["match", "both_failed"].includes(o.parity));
    if (bad.length || outcomes === null) {
      console.log(n, outcomes === null ? "STUCK" : "", seen, messages.map(m => m.toString("latin1",0,1) + JSON.stringify(m.toString("latin1",5,60))).join("  |  "), "=>", got, fresh.map(o => o.kind === "mirrored" ? o.parity : JSON.stringify(o)), fresh.map(o=>o.request));
      if (++shown > 3 || outcomes === null) break;
    }
  }
  c.socket.destroy();
  expect(shown).toBe(0);
}, 100_000);
