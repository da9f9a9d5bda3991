import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CopyRig, MIB } from "../soak/copy-rig.ts";

/** Far more than may ever be held; `node test/soak/copy-soak.ts` does the same with 2 GiB. */
const BYTES = 256 * MIB;
const TEST_TIMEOUT_MS = 120_000;

describe("COPY of more than memory may hold", () => {
  let rig: CopyRig;

  beforeAll(async () => {
    rig = await CopyRig.start();
  }, 60_000);

  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  test(
    "in, no faster than the mirror: both sides get every row and memory stays flat",
    async () => {
      await using client = await rig.login();
      const { rows, grownBytes } = await rig.copyIn(client, BYTES, { patient: true });
      expect((await rig.ends()).at(-1)).toBe("match");
      expect(await rig.rows()).toEqual({ primary: rows, mirror: rows });
      expect(grownBytes).toBeLessThan(rig.grownBytesMax);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "out: the same rows on both sides and memory stays flat",
    async () => {
      await using client = await rig.login();
      const { grownBytes } = await rig.copyOut(client, BYTES);
      expect((await rig.ends()).at(-1)).toBe("match");
      expect(grownBytes).toBeLessThan(rig.grownBytesMax);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "in, while the mirror hangs: the primary gets every row, the mirror loses that request alone",
    async () => {
      await using client = await rig.login();
      await rig.ask(client);
      await rig.ends();
      rig.mirror.suspend();
      const { rows, grownBytes } = await rig.copyIn(client, BYTES);
      rig.mirror.resume();
      await rig.ask(client);
      expect((await rig.ends()).slice(-3)).toEqual(["match", "buffer_full", "match"]);
      expect(await rig.rows()).toEqual({ primary: rows, mirror: 0 });
      expect(grownBytes).toBeLessThan(rig.grownBytesMax);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "out, while the mirror hangs: the client gets every row, the mirror loses that request alone",
    async () => {
      await using client = await rig.login();
      await rig.ask(client);
      await rig.ends();
      rig.mirror.suspend();
      const { grownBytes } = await rig.copyOut(client, BYTES);
      expect((await rig.ends()).at(-1)).toBe("timeout");
      rig.mirror.resume();
      await rig.ask(client);
      expect((await rig.ends()).slice(-3)).toEqual(["match", "timeout", "match"]);
      expect(grownBytes).toBeLessThan(rig.grownBytesMax);
    },
    TEST_TIMEOUT_MS,
  );
});

describe("COPY to a mirror that is slow", () => {
  let rig: CopyRig;

  beforeAll(async () => {
    rig = await CopyRig.start({ throughNetwork: true });
  }, 60_000);

  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  test(
    "in: the primary gets every row, the mirror loses that request alone",
    async () => {
      await using client = await rig.login();
      await rig.ask(client);
      rig.throttle(4 * MIB);
      const { rows, grownBytes } = await rig.copyIn(client, BYTES);
      rig.throttle(Infinity);
      await rig.ask(client);
      expect((await rig.ends()).slice(-3)).toEqual(["match", "buffer_full", "match"]);
      expect(await rig.rows()).toEqual({ primary: rows, mirror: 0 });
      expect(grownBytes).toBeLessThan(rig.grownBytesMax);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "out: the client gets every row and memory stays flat; what moves on in its own time is no timeout",
    async () => {
      await using client = await rig.login();
      await rig.ask(client);
      rig.throttle(16 * MIB);
      const { grownBytes } = await rig.copyOut(client, BYTES);
      await rig.ask(client);
      expect((await rig.ends()).slice(-3)).toEqual(["match", "match", "match"]);
      expect(grownBytes).toBeLessThan(rig.grownBytesMax);
    },
    TEST_TIMEOUT_MS,
  );
});
