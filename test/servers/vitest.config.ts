import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// for tools/servers.mjs, which starts the servers; `npm test` leaves these tests out
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/servers/**/*.test.ts"],
    pool: "forks",
    env: { CURLEW_DEBUG: process.env["CURLEW_DEBUG"] ?? "1" },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
}) as ReturnType<typeof defineConfig>;
