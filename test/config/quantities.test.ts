import { assert as assertProperty, integer, maxSafeNat, oneof, property } from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/config/duration.ts";
import { formatSize, parseSize } from "../../src/config/size.ts";

test.for([
  ["30s", 30_000],
  ["15m", 900_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["2w", 1_209_600_000],
] as const)("the duration %s is %i ms, and is written back as it was", ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(text);
});

test.for(["", "30", "s", "0s", "-5m", "1.5h", "5 m", "5M", "1h30m", "99999999999w", "٣s", "5m\n"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test("a duration that is written and read again is the same", () => {
  assertProperty(
    property(integer({ min: 1, max: 3_000_000_000 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});

test.for([
  ["20 GB", 20_000_000_000],
  ["64 MiB", 67_108_864],
  ["64MiB", 67_108_864],
  ["1.5 GiB", 1_610_612_736],
  ["10 kB", 10_000],
  ["10 KB", 10_000],
  ["1 TB", 1_000_000_000_000],
  ["512 B", 512],
  ["512", 512],
] as const)("the size %s is %i bytes", ([text, bytes]) => {
  expect(parseSize(text)).toBe(bytes);
});

test.for(["", "GB", "-1 GB", "1 gb", "1  GB", "1 GBs", "1e3", "9999999 TiB", "0x10", "1,5 GB"])(
  "%j is no size",
  (text) => {
    expect(parseSize(text)).toBeNull();
  },
);

test("a size that is written and read again is the same", () => {
  const bytes = oneof(
    maxSafeNat(),
    integer({ min: 1, max: 4000 }).map((mebibytes) => mebibytes * 2 ** 20),
    integer({ min: 1, max: 4000 }).map((gigabytes) => gigabytes * 1e9),
  );
  assertProperty(
    property(bytes, (size) => {
      const written = formatSize(size);
      expect(typeof written === "number" ? written : parseSize(written)).toBe(size);
    }),
  );
});
