import { expect, test } from "vitest";
import { runChild } from "./child.ts";
import { startServer } from "./start.ts";
import { buildSlowResolver } from "./slow_resolver.ts";

const HERE = "Bun" in globalThis ? "bun" : "deno";

test("a child runs in this runtime, with arguments, environment and exit code", async () => {
  const child = await runChild(
    `import process from "node:process";
    const runtime: string = "Bun" in globalThis ? "bun" : "deno";
    console.log(runtime, process.argv.slice(2).join(), process.env.CURLEW_TEST);
    console.error("to stderr");
    process.exit(3);`,
    { args: ["a", "b"], env: { CURLEW_TEST: "yes" } },
  );
  expect(child).toMatchObject({ code: 3, signal: null, timedOut: false });
  expect(child.stdout).toBe(`${HERE} a,b yes\n`);
  expect(child.stderr).toContain("to stderr");
});

test("a child imports from the project", async () => {
  const child = await runChild(
    `import { findNode } from "#root/test/server/node.ts";
    console.log(typeof findNode());`,
  );
  expect(child.stdout).toBe("string\n");
});

test("a child that hangs is killed", async () => {
  const child = await runChild("\nsetInterval(() => {}, 1000);", { timeoutMs: 500 });
  expect(child).toMatchObject({ code: null, signal: "SIGKILL", timedOut: true });
  expect(child.ms).toBeLessThan(5000);
});

test("the servers do not keep their starter alive, and end with it", async () => {
  const child = await runChild(
    `import { startServer } from "#root/test/server/start.ts";
    console.log((await startServer("http")).http);`,
    { timeoutMs: 5000 },
  );
  expect(child).toMatchObject({ code: 0, timedOut: false });
  const url = `http://127.0.0.1:${Number(child.stdout)}/small`;
  await expect.poll(() => fetch(url).then(() => "serves", () => "gone")).toBe("gone");
});

test("a killed starter takes its servers with it", async () => {
  const child = await runChild(
    `import { startServer } from "#root/test/server/start.ts";
    console.log((await startServer("http")).http);
    setInterval(() => {}, 1000);`,
    { timeoutMs: 1500 },
  );
  expect(child.timedOut).toBe(true);
  const url = `http://127.0.0.1:${Number(child.stdout)}/small`;
  await expect.poll(() => fetch(url).then(() => "serves", () => "gone")).toBe("gone");
});

/** A blocking transfer without the library under test; prints its CURLcode and time. */
const PERFORM = `
  import process from "node:process";
  const bun = "Bun" in globalThis;
  const pointer = bun ? "ptr" : "pointer";
  const shape = (args, result) => bun ? { args, returns: result } : { parameters: args, result };
  const { dlopen, ptr } = bun
    ? await import("bun:ffi")
    : { dlopen: Deno.dlopen, ptr: Deno.UnsafePointer.of };
  const curl = dlopen(process.env.CURLEW_LIBRARY || "libcurl.so.4", {
    curl_easy_init: shape([], pointer),
    curl_easy_setopt: shape([pointer, "i32", pointer], "i32"),
    curl_easy_perform: shape([pointer], "i32"),
  }).symbols;
  const url = new TextEncoder().encode(process.argv[2] + "\\0");
  const easy = curl.curl_easy_init();
  curl.curl_easy_setopt(easy, 10002, ptr(url));
  const started = performance.now();
  const code = curl.curl_easy_perform(easy);
  console.log(JSON.stringify({ code, ms: performance.now() - started }));
`;

test("libcurl in a child resolves slowly", async ({ skip }) => {
  const object = await buildSlowResolver();
  if (!object) return skip("no C compiler");
  await using server = await startServer("http");
  const perform = async (host: string): Promise<{ code: number; ms: number }> => {
    const args = [`http://${host}:${server.http}/small`];
    const child = await runChild(PERFORM, { args, env: { LD_PRELOAD: object } });
    // The body is on stdout as well, in no fixed order.
    return JSON.parse(/\{"code":[^}]*\}/.exec(child.stdout)?.[0] ?? child.stderr);
  };
  const slow = await perform("300.slow.test");
  expect(slow.code).toBe(0);
  expect(slow.ms).toBeGreaterThan(290);
  const failed = await perform("200.fail.test");
  expect(failed.code).toBe(6);
  expect(failed.ms).toBeGreaterThan(190);
});
