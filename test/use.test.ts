// useServer() and useFolder(): what they give, from when to when.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useFolder, useServer } from "./use.ts";

const server = useServer("http", "unix");
const status = async (url: string) => (await globalThis.fetch(url)).status;

/** What reading it has thrown while the tests were collected. */
function thrown(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}
const early = thrown(() => server.http), earlyKeys = thrown(() => ({ ...server }));

let inHook = 0;
beforeAll(async () => {
  inHook = await status(server.url("/small"));
});

test("the servers run in hooks and tests", async () => {
  expect(inHook).toBe(200);
  expect(await status(server.url("/small"))).toBe(200);
  expect(server.has("unix")).toBe(true);
  expect(server.has("https")).toBe(false);
});

test("what children get of them as JSON has the ports", () => {
  const { http, unix } = server;
  expect(JSON.parse(JSON.stringify(server))).toMatchObject({ http, https: 0, unix });
});

test("to read them sooner is an error that names the member", () => {
  expect(early).toBeInstanceOf(Error);
  expect((early as Error).message).toMatch(/^Cannot read "http" of the test servers before/);
  expect(earlyKeys).toBeInstanceOf(Error);
});

let url = "", folder = "";

describe("a describe whose test fails", () => {
  const own = useServer("http"), place = useFolder("use");

  test.fails("knows its own server and folder", async () => {
    url = own.url("/small");
    folder = place;
    expect(await status(url)).toBe(200);
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, "file"), "text");
    throw new Error("on purpose");
  });
});

test("has neither of them after its end", async () => {
  expect(url).toMatch(/^http:/);
  expect(url).not.toBe(server.url("/small"));
  await expect(status(url)).rejects.toThrow();
  expect(folder).toContain("curlew-use-");
  expect(existsSync(folder)).toBe(false);
});
