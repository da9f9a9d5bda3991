import { defineConfig } from "vitest/config";

/** Tests that measure latencies or load the machine on purpose: one at a time, after the others. */
const ALONE = ["test/faults/**/*.test.ts", "test/end-to-end/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "together", include: ["test/**/*.test.ts"], exclude: ALONE } },
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
