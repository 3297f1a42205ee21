// A program written for node-libcurl, with `from "node-libcurl"` in it as it stands: an alias leads
// to the door. The aliases of the packed package are in test/package.test.ts.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { runProgram } from "../server/child.ts";
import { findNode } from "../server/node.ts";
import { useFolder, useServer } from "../use.ts";
import { isBun } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOOR = join(ROOT, "node_libcurl.ts");
const EXAMPLE = join(ROOT, "examples", "http", "node_libcurl.ts");

const server = useServer("http");
const folder = useFolder("alias");

beforeAll(async () => {
  const program = (await readFile(EXAMPLE, "utf8")).replace(
    `"curlew/node-libcurl"`,
    `"node-libcurl"`,
  );
  expect(program).toContain(`from "node-libcurl"`);
  const paths = { "node-libcurl": [DOOR] };
  const compilerOptions = {
    isolatedDeclarations: false,
    declaration: false,
    typeRoots: [join(ROOT, "node_modules", "@types"), join(ROOT, "node_modules")],
    paths,
  };
  const tsconfig = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions,
    include: ["*.ts"],
    exclude: [],
  };
  const imports = { "node-libcurl": pathToFileURL(DOOR).href };
  await writeFile(join(folder, "main.ts"), program);
  await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  await writeFile(join(folder, "deno.json"), JSON.stringify({ imports }));
});

test("a program runs by the alias", async () => {
  const base = server.url("/").slice(0, -1);
  const flags = isBun ? ["run"] : ["run", "-A", "--no-check", "--no-lock"];
  const args = [...flags, "main.ts", base, "/echo"];
  const { code, stdout, stderr } = await runProgram(process.execPath, { args, cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^libcurl is new enough: true\n[^]*\nCurlMime: 200, sent true\n$/);
});

test("a program type-checks by the alias", async () => {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "--pretty", "false", "--project", folder];
  const { code, stdout, stderr } = await runProgram(findNode(), { args, timeoutMs: 60_000 });
  expect({ code, output: stdout + stderr }).toEqual({ code: 0, output: "" });
}, 60_000);
