import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChildResult, runProgram } from "./server/child.ts";
import { findNode } from "./server/node.ts";
import { startServer, type TestServer } from "./server/start.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MINUTE = 60_000;

/** What a user writes: the three doors, a transfer through the Agent. */
const PROGRAM = `
import { Agent, CurlEasyError, Easy, type EasyOptions, versionInfo } from "curlew";
import { library } from "curlew/ffi";
import { constants } from "curlew/constants";

await using agent = new Agent({ maxConnections: 10 });
using easy = new Easy();
const options: EasyOptions = { URL: process.argv[2] ?? "", WRITEFUNCTION: (b) => b.length };
easy.setOpts(options);
await agent.perform(easy);
const status: number = easy.getInfo("RESPONSE_CODE");
const same: boolean = library().version === versionInfo().version;
console.log(status, same, constants.CURLE_OK, CurlEasyError.name);
`;

/** What a user may not write. */
const WRONG = `
import { Easy } from "curlew";
const easy = new Easy();
// @ts-expect-error a number is expected
easy.setOpt("TIMEOUT_MS", "x");
// @ts-expect-error there is no such option
easy.setOpt("NO_SUCH_OPTION", 1);
// @ts-expect-error the info is a number
easy.getInfo("RESPONSE_CODE").length;
`;

// of a consumer that has neither bun-types nor @types/deno nor @types/node
const DECLARE = `declare const process: { readonly argv: string[] };\n` +
  `declare const console: { log(...values: unknown[]): void };\n`;

let server: TestServer, folder: string;

async function run(program: string, ...args: string[]): Promise<ChildResult> {
  // `bun --bun` has a `node` of its own in front, which npm must not run on
  const path = [dirname(findNode()), process.env["PATH"]].join(delimiter);
  const options = { args, cwd: folder, env: { PATH: path }, timeoutMs: MINUTE };
  const result = await runProgram(program, options);
  const { code, stderr, stdout } = result;
  expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  return result;
}

/** The pinned runtime of that name, on a project file's path or with any other arguments. */
function pinned(runtime: "bun" | "deno", ...args: string[]): Promise<ChildResult> {
  return run(findNode(), join(ROOT, "tools", "run.mjs"), runtime, ...args);
}

beforeAll(async () => {
  server = await startServer("http");
  folder = await mkdtemp(join(tmpdir(), "curlew-package-"));
  await writeFile(join(folder, "package.json"), `{ "private": true, "type": "module" }`);
  await writeFile(join(folder, "main.ts"), PROGRAM);
  await mkdir(join(folder, "types"));
  await writeFile(join(folder, "types", "main.ts"), DECLARE + PROGRAM);
  await writeFile(join(folder, "types", "wrong.ts"), WRONG);
  await run("npm", "pack", "--silent", "--pack-destination", folder, ROOT);
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
  await run("npm", "install", "--offline", "--no-audit", "--no-fund", `./${tarball}`);
}, MINUTE);

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

test("the npm package has what it needs, and nothing else", async () => {
  const inside = join(folder, "node_modules", "curlew");
  const names = ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "dist", "package.json"];
  expect((await readdir(inside)).sort()).toEqual(names);
  expect((await readdir(join(inside, "dist"))).sort())
    .toEqual(["doctor.d.ts", "doctor.js", "ffi", "mod.d.ts", "mod.js", "src"]);
  expect(await readdir(join(inside, "dist", "ffi", "curl"))).not.toContain("generate.js");
  expect((await readdir(join(folder, "node_modules"))).filter((name) => name[0] !== "."))
    .toEqual(["curlew"]);
});

test("the npm package runs on this runtime", async () => {
  const url = server.url("/small");
  const args = "Bun" in globalThis ? ["main.ts", url] : ["run", "--allow-ffi", "main.ts", url];
  const { stdout } = await run(process.execPath, ...args);
  expect(stdout).toBe("200 true 0 CurlEasyError\n");
});

test("the npm package brings the doctor as a command", async () => {
  const bin = join(folder, "node_modules", ".bin", "curlew");
  const args = "Bun" in globalThis ? [bin] : ["run", "-A", bin];
  const { stdout } = await run(process.execPath, ...args, "doctor", "--json");
  const { system, problems } = JSON.parse(stdout);
  expect({ version: system.curlew, problems }).toEqual({ version: "0.1.0", problems: [] });
});

test.for([["NodeNext", "NodeNext"], ["ESNext", "bundler"]] as const)(
  "the npm package type-checks with module %s, moduleResolution %s, without a runtime's types",
  async ([module, moduleResolution]) => {
    const compilerOptions = {
      target: "ESNext",
      lib: ["ESNext", "DOM"],
      types: [],
      module,
      moduleResolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    };
    const project = join(folder, "types", `${moduleResolution}.json`);
    await writeFile(project, JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    await run(findNode(), tsc, "--project", project);
  },
);

test("a compiled Bun program brings the package with it", async () => {
  const program = join(folder, "compiled");
  await pinned("bun", "build", "--compile", "main.ts", "--outfile", program);
  await rename(join(folder, "node_modules"), join(folder, "moved"));
  try {
    const { stdout } = await run(program, server.url("/small"));
    expect(stdout).toBe("200 true 0 CurlEasyError\n");
  } finally {
    await rename(join(folder, "moved"), join(folder, "node_modules"));
  }
}, MINUTE);

test("JSR would take the sources", async () => {
  const config = join(ROOT, "deno.json");
  const publish = ["publish", "--dry-run", "--allow-dirty", "--config", config];
  const { stderr } = await pinned("deno", ...publish);
  expect(stderr).toContain("Success");
  expect(stderr).toContain("/mod.ts (");
  expect(stderr).not.toMatch(/\/(test|tools|dist|examples)\/|generate/);
}, MINUTE);
