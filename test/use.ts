/** What the tests of a file use from before the first of them to after the last. */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll } from "vitest";
import { startServer, type TestServer } from "./server/start.ts";

/** Longer than the servers may take to start, so that what they say of it is not lost. */
const START_TIMEOUT_MS = 40_000;

/**
 * Servers of these kinds (none given: all), for all tests of a file or of a `describe`. They end
 * after its `afterAll` hooks, also where a test or a hook has failed; they do not start where no
 * test runs. Tests, and hooks after this call, may read the result; sooner it throws.
 */
export function useServer(...kinds: string[]): TestServer {
  const server = {} as TestServer;
  let runs = false;
  beforeAll(async () => {
    Object.assign(server, await startServer(...kinds));
    runs = true;
    return server.close;
  }, START_TIMEOUT_MS);
  const check = (what: string) => {
    if (!runs) {
      throw new Error(
        `Cannot read ${what} of the test servers before they run: read it in a test or a hook`,
      );
    }
  };
  return new Proxy(server, {
    get(target, key) {
      check(`"${String(key)}"`);
      return Reflect.get(target, key);
    },
    ownKeys(target) {
      check("the members");
      return Reflect.ownKeys(target);
    },
  });
}

/** The path of an empty folder for all tests of a file, deleted after its `afterAll` hooks. */
export function useFolder(name: string): string {
  const path = join(tmpdir(), `curlew-${name}-${randomUUID()}`);
  beforeAll(async () => {
    await mkdir(path, { mode: 0o700 });
    return () => rm(path, { recursive: true });
  });
  return path;
}
