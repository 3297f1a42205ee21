import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", "test/servers/**"], // npm run test:servers
    setupFiles: ["test/calls.ts"],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 2,
  },
}) as ReturnType<typeof defineConfig>;
