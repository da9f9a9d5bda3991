import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/helpers/clusters-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts", "migrations/**/*.ts"],
      reporter: ["text-summary", "html"],
      thresholds: { lines: 90 },
    },
  },
});
