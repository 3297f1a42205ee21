import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The rooms from the bottom up: each may import from those before it, and from itself. */
const ROOMS = ["ffi", "src", "src/handles", "src/driver", "src/http", "src/doctor", "."];

/** The room of `path`: the innermost of `ROOMS` that holds the file, or -1. */
function roomOf(path: string): number {
  let folder = dirname(path);
  while (!ROOMS.includes(folder) && folder !== ".") folder = dirname(folder);
  return folder === "." && path.includes("/") ? -1 : ROOMS.indexOf(folder);
}

interface Import {
  readonly from: string;
  /** A project path, or the specifier of something else. */
  readonly to: string;
}

async function importsOf(path: string): Promise<Import[]> {
  const text = (await readFile(join(ROOT, path), "utf8")).replace(
    /\/\*[^]*?\*\/|^\s*\/\/.*$/gm,
    "",
  );
  const found = text.matchAll(/(?:^|[\s;}])(?:from|import|import\()\s*["']([^"']+)["']/g);
  return [...found].map(([, specifier = ""]) => {
    const local = specifier.startsWith(".");
    const to = local ? normalize(join(dirname(path), specifier)).replaceAll(sep, "/") : specifier;
    return { from: path, to };
  });
}

async function files(): Promise<string[]> {
  const folders = await Promise.all(["ffi", "src"].map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true });
    return names.map((name) => `${folder}/${name.replaceAll(sep, "/")}`);
  }));
  return ["mod.ts", "doctor.ts", ...folders.flat().filter((path) => path.endsWith(".ts"))];
}

const imports = (await Promise.all((await files()).map(importsOf))).flat();

test("every file stands in a room", async () => {
  for (const path of await files()) expect(roomOf(path), path).not.toBe(-1);
  expect(imports.length).toBeGreaterThan(100);
});

test("imports point down, never up or sideways", () => {
  const inside = imports.filter(({ to }) => to.endsWith(".ts"));
  const wrong = inside.filter(({ from, to }) => roomOf(to) > roomOf(from) || roomOf(to) === -1);
  expect(wrong).toEqual([]);
});

test("ffi/ has no dependency but the runtime, and the library none at all", () => {
  const outside = imports.filter(({ to }) => !to.endsWith(".ts"));
  const wrong = outside.filter(({ to }) => !/^(node|bun):/.test(to));
  expect(wrong).toEqual([]);
  const bun = outside.filter(({ to }) => to.startsWith("bun:")).map(({ from }) => from);
  expect([...new Set(bun)].sort()).toEqual(["ffi/bun.ts", "ffi/bun_worker.ts"]);
});

test("only ffi/deno.ts says Deno, only ffi/bun.ts and its fallback say Bun", async () => {
  const allowed = ["ffi/deno.ts", "ffi/bun.ts", "ffi/bun_worker.ts", "ffi/runtime.ts"];
  for (const path of (await files()).filter((path) => !allowed.includes(path))) {
    const text = await readFile(join(ROOT, path), "utf8");
    const code = text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "");
    expect(/\b(Deno|Bun)\.|bun:ffi|\bin globalThis/.exec(code)?.[0], path).toBeUndefined();
  }
});
