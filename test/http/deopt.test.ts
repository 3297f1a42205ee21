// Deno aborted the process here, before `callsBack` kept its fast calls away from libcurl.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server/start.ts";
import { inChild } from "./child.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("h2c", "http");
});
afterAll(() => server.close());

test("callbacks may undo the optimized code that they were called from", async () => {
  const child = await inChild(
    server,
    `const curl = { HTTP_VERSION: constants.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE };
    const body = new Uint8Array(8 << 20);
    const response = await ask("http://127.0.0.1:" + ports.h2c + "/sink", { method: "POST", body, curl });
    say((await response.json()).bytes);`,
  );
  expect(child, child.stderr.slice(0, 200)).toMatchObject({ code: 0, signal: null });
  expect(child.said).toEqual([8 << 20]);
});
