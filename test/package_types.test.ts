// The declarations of the package, under the settings and beside the types that users have.
import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { FOR_NODE_LIBCURL, PROGRAM } from "./package_programs.ts";
import { runProgram } from "./server/child.ts";
import { findNode } from "./server/node.ts";
import { useFolder } from "./use.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MODULES = join(ROOT, "node_modules");
const MINUTE = 60_000;

// of a consumer that has neither bun-types nor @types/deno nor @types/node
const DECLARE = `declare const process: { readonly argv: string[] };\n` +
  `declare const console: { log(...values: unknown[]): void };\n`;

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

/** Every door but that for node-libcurl, which has Node's types. */
const DOORS = ["", "cli", "command", "constants", "doctor", "ffi", "poll", "register", "session"]
  .map((door, i) => `import * as d${i} from "curlew${door && `/${door}`}"; void d${i};\n`).join("");

/** Code that is written for the standard's WebSocket takes a CurlWebSocket. */
const STANDARD_SOCKET = `
import { CurlWebSocket } from "curlew";
declare const socket: CurlWebSocket;
export const standard: WebSocket = socket;
`;

/** Bun's own type has more than the standard: this is all that is missing, and the rest fits. */
const BUN_SOCKET = `
import { CurlWebSocket } from "curlew";
declare const socket: CurlWebSocket;
type Bun = Exclude<keyof WebSocket, keyof CurlWebSocket>;
export const own: { [K in Bun]: 1 } =
  { URL: 1, pong: 1, terminate: 1, pause: 1, resume: 1, isPaused: 1 };
// Bun's send a SharedArrayBuffer, which has no bytes by the standard, and a ping from a Blob
export const standard: Omit<WebSocket, Bun | "send" | "ping"> = socket;
`;

/** The mistakes that the compiler is to tell in a way that helps. */
const MISTAKES = `
import { Easy, fetch, Multi } from "curlew";
const easy = new Easy();
easy.setOpts({ TIMEOUT_MSS: 5 });
void fetch("http://x/", { curl: { PROXYY: "x" } });
easy.setOpt("TIMEOUT_MSS", 5);
easy.setOpt("TIMEOUT_MS", "5");
easy.getInfo("RESPONSE_COD");
new Multi().setOpt("MAXCONECTS", 5);
`;

const folder = useFolder("types");

async function run(program: string, ...args: string[]): Promise<string> {
  const options = { args, cwd: folder, env: { NO_COLOR: "1" }, timeoutMs: MINUTE };
  const { stdout, stderr } = await runProgram(program, options);
  return stdout + stderr;
}

beforeAll(async () => {
  await writeFile(join(folder, "package.json"), `{ "private": true, "type": "module" }`);
  const inside = join(folder, "node_modules", "curlew");
  expect(await run(findNode(), join(ROOT, "tools", "build.mjs"), join(inside, "dist"))).toBe("");
  await copyFile(join(ROOT, "package.json"), join(inside, "package.json"));
}, MINUTE);

/** What tsc says of some files under the strictest settings, with that library and those types. */
async function check(
  files: Readonly<Record<string, string>>,
  lib: readonly string[],
  types: readonly string[],
  more: object = {},
): Promise<string> {
  const place = await mkdtemp(join(folder, "check-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, name), text);
  const compilerOptions = {
    ...{ target: "ESNext", module: "NodeNext", moduleResolution: "NodeNext", lib, types },
    ...{ typeRoots: [join(MODULES, "@types"), MODULES], noEmit: true, skipLibCheck: false },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...more,
  };
  const project = join(place, "tsconfig.json");
  await writeFile(project, JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const tsc = join(MODULES, "typescript", "bin", "tsc");
  return await run(findNode(), tsc, "--pretty", "false", "--project", project);
}

/** The program for node-libcurl, by this package's own name. */
const NODE_LIBCURL = FOR_NODE_LIBCURL.replaceAll(`"node-libcurl"`, `"curlew/node-libcurl"`);
const PROGRAMS = { "main.ts": DECLARE + PROGRAM, "wrong.ts": WRONG, "doors.ts": DOORS };
const DOM = ["ESNext", "DOM"], socket = { "socket.ts": STANDARD_SOCKET };

test.each<[string, string[], string[], Record<string, string>, object?]>([
  ["the DOM library", DOM, [], socket],
  ["the DOM library and a bundler", DOM, [], socket, {
    module: "ESNext",
    moduleResolution: "bundler",
  }],
  ["Bun's types", ["ESNext"], ["bun-types"], { "socket.ts": BUN_SOCKET }],
  ["Bun's types and the DOM library", DOM, ["bun-types"], socket],
  ["Node's types", ["ESNext"], ["node"], { "nodes.ts": NODE_LIBCURL }],
  ["Deno's types and the DOM library", DOM, ["deno"], socket],
  ["no types and no library but the language's", ["ESNext"], [], {}],
])("the declarations check with %s", async (_, lib, types, files, more) => {
  expect(await check({ ...PROGRAMS, ...files }, lib, types, more)).toBe("");
}, MINUTE);

test("the declarations check under Deno, whose WebSocket takes theirs", async () => {
  await writeFile(join(folder, "deno.json"), `{ "nodeModulesDir": "manual" }`);
  const programs = { "main.ts": PROGRAM, "doors.ts": DOORS, "socket.ts": STANDARD_SOCKET };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(folder, name), DECLARE + text);
  }
  const deno = [join(ROOT, "tools", "run.mjs"), "deno", "check", "--quiet"];
  expect(await run(findNode(), ...deno, ...Object.keys(programs))).toBe("");
}, MINUTE);

test("the compiler suggests the name that may be meant, and shows what an option takes", async () => {
  const said = await check({ "mistakes.ts": MISTAKES }, DOM, []);
  const lines = said.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => /TS\d+/.test(line)).length;
  expect(errors, said).toBe(6);
  expect(said).toContain("'TIMEOUT_MSS' does not exist");
  expect(said).toContain("Did you mean to write 'TIMEOUT_MS'?");
  expect(said).toContain("Did you mean to write 'PROXY'?");
  expect(said).toContain(
    `'"TIMEOUT_MSS"' is not assignable to parameter of type 'keyof EasyOptions'`,
  );
  expect(said).toContain(`'"5"' is not assignable to parameter of type 'number | bigint | boolean`);
  expect(said).toContain(
    `'"RESPONSE_COD"' is not assignable to parameter of type 'keyof InfoTypes'`,
  );
  expect(said).toContain(`'"MAXCONECTS"' is not assignable to parameter of type 'keyof Multi`);
});
