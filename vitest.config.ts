import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Tests that measure latencies or memory, or load the machine on purpose: one at a time, after the others. */
const ALONE = [
  "test/end-to-end/copy-memory.test.ts",
  "test/end-to-end/totals.test.ts",
  "test/faults/bad-input-fuzz.test.ts",
  "test/faults/bad-input-memory.test.ts",
  "test/faults/bad-volume.test.ts",
  "test/faults/crash*.test.ts",
  "test/faults/hostile-*.test.ts",
  "test/faults/mirror-faults.test.ts",
  "test/faults/mixed-soak.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        // Half of the time a test waits for a server or a disk.
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: availableParallelism() + 1,
        },
      },
      { extends: true, test: { name: "alone", include: ALONE, fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
    globalSetup: ["test/helpers/clusters-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts", "migrations/**/*.ts"],
      // It runs in a browser, where nothing is measured; test/browser is about it.
      exclude: ["src/api/dashboard/client/**"],
      reporter: ["text-summary", "html"],
      thresholds: { lines: 90 },
    },
  },
});
