import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CopyRig, MIB } from "../soak/copy-rig.ts";
import { breaches, COPY_SCENARIOS } from "../soak/copy-scenarios.ts";

/** Far more than may ever be held; `node test/soak/copy-soak.ts` does the same with 2 GiB. */
const BYTES = 256 * MIB;

describe.each([false, true])("COPY of more than memory may hold, network between: %s", (throughNetwork) => {
  let rig: CopyRig;

  beforeAll(async () => {
    rig = await CopyRig.start({ throughNetwork });
  }, 60_000);

  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  test.each(COPY_SCENARIOS.filter((scenario) => scenario.throughNetwork === throughNetwork))(
    "$rule, and memory stays flat",
    async (scenario) => {
      const [, found] = await breaches(scenario, rig, BYTES);
      expect(found).toEqual([]);
    },
    120_000,
  );
});
