import { expect, test } from "vitest";
import {
  CLIENT_CONNECTIONS,
  createGaugeBuffer,
  FAILED_LOGINS,
  Gauges,
  MIRROR_CONNECTIONS,
  MIRROR_REFUSED_LOGINS,
  REFUSED_CONNECTIONS,
} from "../../src/proxy/gauges.ts";

test("a thread that dies takes what is live away with it, and leaves what was counted", () => {
  const gauges = new Gauges(createGaugeBuffer(2, 2), 2);
  for (const thread of [0, 1]) {
    for (const column of [CLIENT_CONNECTIONS, REFUSED_CONNECTIONS, ...Object.values(FAILED_LOGINS)]) {
      gauges.add(thread, column, 1);
    }
    for (const mirroring of [0, 1]) {
      for (const column of [MIRROR_CONNECTIONS, MIRROR_REFUSED_LOGINS])
        gauges.addMirroring(thread, mirroring, column, 1);
    }
  }
  gauges.clearThread(0);
  expect(gauges.sum(CLIENT_CONNECTIONS)).toBe(1);
  expect([REFUSED_CONNECTIONS, ...Object.values(FAILED_LOGINS)].map((column) => gauges.sum(column))).toEqual([
    2, 2, 2, 2, 2,
  ]);
  for (const mirroring of [0, 1]) {
    expect(gauges.sumMirroring(mirroring, MIRROR_CONNECTIONS)).toBe(1);
    expect(gauges.sumMirroring(mirroring, MIRROR_REFUSED_LOGINS)).toBe(2);
  }
});
