// fetch and createFetch() are taken by whatever takes the runtime's own fetch, with the types of each
// runtime alone. (test/types/session.ts is compiled with all of them together.)
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "../../server/child.ts";
import { findNode } from "../../server/node.ts";
import { isBun } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const SOURCE = `import { fetch } from "${join(ROOT, "mod.ts")}";
import { createFetch } from "${join(ROOT, "session.ts")}";
type AnyFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
declare const init: RequestInit, request: Request;
export const any: AnyFetch[] = [fetch, createFetch()];
export const own: (typeof globalThis.fetch)[] = [fetch, createFetch()];
export const calls: Promise<Response>[] = [fetch(request, init), createFetch()(request, init)];
`;

/** Runs `check` in a folder that has the program. */
async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "curlew-types-"));
  try {
    await writeFile(join(folder, "main.ts"), SOURCE);
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each([
  ["Bun", ["bun-types"], ["ESNext"]],
  ["Bun with the DOM library", ["bun-types"], ["ESNext", "DOM"]],
  ["Node.js", ["node"], ["ESNext"]],
  ["the DOM library", [], ["ESNext", "DOM", "DOM.AsyncIterable"]],
])("under tsc with the types of %s", { timeout: 60_000 }, async (_, types, lib) => {
  await inFolder(async (folder) => {
    const modules = join(ROOT, "node_modules");
    const compilerOptions = {
      ...{ target: "ESNext", module: "NodeNext", moduleResolution: "NodeNext", lib, types },
      ...{ typeRoots: [join(modules, "@types"), modules], allowImportingTsExtensions: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
    };
    const project = join(folder, "tsconfig.json");
    await writeFile(project, JSON.stringify({ compilerOptions, include: ["main.ts"] }));
    const tsc = join(modules, "typescript", "bin", "tsc");
    const { stdout } = await runProgram(findNode(), {
      args: [tsc, "--pretty", "false", "-p", project],
      timeoutMs: 60_000,
    });
    // our own sources want the types of both runtimes: only what is said of the program counts
    expect(stdout.split("\n").filter((line) => line.includes("main.ts"))).toEqual([]);
    expect(stdout).not.toContain("TS18003"); // no inputs were found
  });
});

test.skipIf(isBun)(
  "under deno check with Deno's own types (Deno only)",
  { timeout: 60_000 },
  async () => {
    await inFolder(async (folder) => {
      const args = ["check", "--quiet", "--no-config", "--no-lock", join(folder, "main.ts")];
      const child = await runProgram(process.execPath, { args, timeoutMs: 60_000 });
      expect(child, child.stderr).toMatchObject({ code: 0, stderr: "" });
    });
  },
);
