import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type ChildResult, runProgram } from "./server/child.ts";
import { findNode } from "./server/node.ts";
import { useFolder, useServer } from "./use.ts";

const DEMO = fileURLToPath(new URL("../tools/demo.mjs", import.meta.url));
const MINUTE = 60_000;
const HERE = "Bun" in globalThis ? "bun" : "deno";

const server = useServer("http", "ftp");
const folder = useFolder("demo");

/** `npm run demo -- …`, without npm. */
function demo(...args: string[]): Promise<ChildResult> {
  return runProgram(findNode(), { args: [DEMO, ...args], timeoutMs: MINUTE });
}

/** The first cells of the row that starts with that text. */
function row(stdout: string, start: string): string[] {
  const line = stdout.split("\n").find((line) => line.trim().startsWith(start));
  return line?.trim().split(/ {2,}/) ?? [];
}

test("without arguments 600 transfers run on Bun and then on Deno", async () => {
  const { code, stdout, stderr } = await demo();
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/Bun \d[^]*Deno \d/);
  for (const half of [stdout.slice(0, stdout.indexOf("Deno ")), stdout]) {
    expect(row(half, "transfers")).toEqual(["transfers", "600"]);
    expect(row(half, "failed")).toEqual(["failed", "0"]);
    expect(row(half, "first byte")[1]).toMatch(/^[\d.]+ ms$/);
  }
  expect(stdout.match(/failed +0$/gm)).toHaveLength(2);
}, MINUTE);

test("URLs become rows, a failing one with curl's error name, and the exit code tells", async () => {
  const urls = [
    server.url("/bytes/1234"),
    server.url("/hello.txt", "ftp"),
    "http://127.0.0.1:1/",
    server.url("/status/404").replace("//", "//user:secret@"),
  ];
  const { code, stdout } = await demo("--runtime", HERE, ...urls);
  expect(code).toBe(1);
  expect(row(stdout, urls[0]!).slice(1, 4)).toEqual(["ok", "200", "1.23 kB"]);
  expect(row(stdout, urls[1]!).slice(1, 4)).toEqual(["ok", "226", "15 B"]);
  expect(row(stdout, urls[2]!).slice(1, 4)).toEqual(["CURLE_COULDNT_CONNECT", "–", "0 B"]);
  expect(row(stdout, "Failed to connect to 127.0.0.1")).toHaveLength(1);
  expect(stdout).toMatch(/\/status\/404 +CURLE_HTTP_RETURNED_ERROR +404/);
  expect(stdout).not.toContain("secret");
  expect(row(stdout, "ok")).toEqual(["ok", "2"]);
});

test("--output saves each body under a name of its own inside the folder", async () => {
  const output = join(folder, "new", "folder");
  await mkdir(output, { recursive: true });
  await writeFile(join(output, "10"), "mine");
  const { code, stdout } = await demo(
    "--output",
    output,
    server.url("/bytes/10"),
    server.url("/small"),
    server.url("/SMALL").toLowerCase(),
    `${server.url("/small")}?..%2f..%2fescape`,
    server.url("/..%2f..%2fescape"),
    server.url("/hello.txt", "ftp"),
  );
  expect(code).toBe(1); // there is no /..%2f..%2fescape
  expect(stdout).toMatch(/Bun \d[^]*Deno \d/);
  const names = ["10", "10-2", "hello.txt", "small", "small-2", "small-3"];
  expect((await readdir(output)).sort()).toEqual(names);
  expect(await readFile(join(output, "10"), "utf8")).toBe("mine");
  expect(await readFile(join(output, "hello.txt"), "utf8")).toBe("hello from ftp\n");
  expect((await readFile(join(output, "10-2"))).length).toBe(10);
  expect(await readdir(folder)).toEqual(["new"]);
}, MINUTE);

test("--help explains the options", async () => {
  const { code, stdout } = await demo("--help");
  expect(code).toBe(0);
  for (const word of ["URL…", "--output DIR", "--runtime bun|deno"]) expect(stdout).toContain(word);
});

test.for(
  [
    ["an unknown option", ["--nope"], "--nope"],
    ["an unknown runtime", ["--runtime", "node"], '"node"'],
    ["no folder", ["http://127.0.0.1:1/", "--output"], "--output"],
    ["nothing to save", ["--output", "x"], "--output needs a URL"],
    ["a file as the folder", ["--output", DEMO, "http://127.0.0.1:1/"], "cannot use the folder"],
    ["an empty URL", [""], "a URL is empty"],
  ] as const,
)("bad arguments end with 2: %s", async ([, args, message]) => {
  const { code, stdout, stderr } = await demo(...args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
});
