// Deno aborted the process here, before `callsBack` kept its fast calls away from libcurl.
import { expect, test } from "vitest";
import { useServer } from "../use.ts";
import { inChild } from "./child.ts";

const server = useServer("h2c", "http");

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
