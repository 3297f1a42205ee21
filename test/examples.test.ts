import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChildResult, runChild } from "./server/child.ts";
import { startServer, type TestServer } from "./server/start.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);

let server: TestServer, folder: string;

beforeAll(async () => {
  server = await startServer("http", "ftp");
  folder = await mkdtemp(join(tmpdir(), "curlew-examples-"));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function example(name: string, ...args: string[]): Promise<ChildResult> {
  return runChild(fileURLToPath(new URL(name, EXAMPLES)), { args });
}

test("every example is short, says how to run it, and is tested", async () => {
  const names = (await readdir(EXAMPLES)).filter((name) => name.endsWith(".ts"));
  const tests = await readFile(fileURLToPath(import.meta.url), "utf8");
  for (const name of names) {
    const text = await readFile(new URL(name, EXAMPLES), "utf8");
    expect(text.split("\n").length, name).toBeLessThanOrEqual(61);
    expect(text, name).toContain(`//   deno run --allow-ffi`);
    expect(text, name).toContain(`//   bun examples/${name}`);
    expect(tests, name).toContain(`example("${name}"`);
  }
});

test("get.ts prints the body of a page, decoded", async () => {
  const { code, stdout, stderr } = await example("get.ts", server.url("/gzip"));
  expect(code).toBe(0);
  expect(stdout).toContain("compressed by gzip\n");
  expect(stderr).toMatch(/^200 in [\d.]+ s\n$/);
});

test("get.ts names the error", async () => {
  const { code, stderr } = await example("get.ts", "http://127.0.0.1:1/");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CURLE_COULDNT_CONNECT: /);
});

test("many.ts gets hundreds of URLs over few connections", async () => {
  const urls = Array.from({ length: 300 }, (_, i) => server.url(`/bytes/${i + 1}`));
  const { code, stdout } = await example("many.ts", ...urls);
  expect(code).toBe(0);
  const [, connections] = /^300 transfers, 0 failed, (\d+) connections, 45150 bytes\n$/
    .exec(stdout) ?? [];
  expect(Number(connections)).toBeLessThanOrEqual(50);
});

test("many.ts goes on after an error", async () => {
  const { code, stdout, stderr } = await example("many.ts", "no:url", server.url("/bytes/7"));
  expect(code).toBe(1);
  expect(stdout).toMatch(/^2 transfers, 1 failed, \d connections, 7 bytes\n$/);
  expect(stderr).toMatch(/^no:url: CURLE_/);
});

test("download.ts writes a file", async () => {
  const path = join(folder, "file.bin");
  const { code, stdout } = await example("download.ts", server.url("/bytes/300000"), path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^300000 bytes in [\d.]+ s: /);
  expect((await readFile(path)).length).toBe(300_000);
});

test("ftp.ts lists a folder and gets a file", async () => {
  const listed = await example("ftp.ts", server.url("/dir/", "ftp"));
  expect(listed).toMatchObject({ code: 0, stdout: "a.txt\nb.txt\n" });
  const got = await example("ftp.ts", server.url("/hello.txt", "ftp"));
  expect(got).toMatchObject({ code: 0, stdout: "hello from ftp\n" });
});

test("ftp.ts reads a local file", async () => {
  const here = new URL("get.ts", EXAMPLES);
  const { stdout } = await example("ftp.ts", here.href);
  expect(stdout).toBe(await readFile(here, "utf8"));
});

const LOOP = new URL("event_loop.ts", EXAMPLES);

test.runIf(existsSync(LOOP))("event_loop.ts runs several transfers", async () => {
  const urls = ["/small", "/delay/50", "/bytes/5000"].map((path) => server.url(path));
  const { code, stdout } = await example("event_loop.ts", ...urls);
  expect(code).toBe(0);
  for (const url of urls) expect(stdout).toContain(url);
});
