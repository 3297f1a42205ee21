import process from "node:process";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./test/patience.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", "test/servers/**"], // npm run test:servers
    setupFiles: ["test/calls.ts"],
    pool: "forks",
    // each agent checks itself; CURLEW_DEBUG=0 switches that off
    env: { CURLEW_DEBUG: process.env["CURLEW_DEBUG"] ?? "1" },
    testTimeout: 20_000 * PATIENCE,
    hookTimeout: 20_000 * PATIENCE,
    maxWorkers: 2,
  },
}) as ReturnType<typeof defineConfig>;
