import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "./start.ts";
import { runChild } from "./child.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("http", "unix");
});
afterAll(() => server.close());

test("small is 98 bytes of JSON", async () => {
  const response = await fetch(server.url("/small"));
  const text = await response.text();
  expect(text.length).toBe(98);
  expect(JSON.parse(text).ok).toBe(true);
});

test("child", async () => {
  const r = await runChild(
    `
    import { readFileSync } from "node:fs";
    console.log("Bun" in globalThis ? "bun" : "deno", Deno_or(), process.argv.slice(2).join());
    function Deno_or(): string { return "x" }
    console.error("err"); process.exit(3)
  `.replace("process.argv", "(await import('node:process')).default.argv"),
    { args: ["a", "b"] },
  );
  console.log(r);
  const k = await runChild(`\nsetInterval(()=>{},1000)`, { timeoutMs: 500 });
  console.log(k);
});
