import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The rooms from the bottom up: each may import from those before it, and from itself. */
const ROOMS = [
  ...["ffi", "src", "src/handles", "src/driver", "src/http", "src/node_libcurl"],
  "src/observe",
  ...["src/command", "src/doctor", "src/register", "src/cli"],
  ".",
];
/** The files that users import. */
const DOORS = [
  "mod.ts",
  "cli.ts",
  "command.ts",
  "doctor.ts",
  "observe.ts",
  "poll.ts",
  "register.ts",
  "session.ts",
  "node_libcurl.ts",
];

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

async function importsOf(path: string, onlyLoads = false): Promise<Import[]> {
  const text = (await readFile(join(ROOT, path), "utf8")).replace(
    /\/\*[^]*?\*\/|^\s*\/\/.*$/gm,
    "",
  );
  const code = onlyLoads
    ? text.replace(/^(?:import|export) type\b[^;]*;|\bimport\(["'][^"']+["']\)/gm, "")
    : text;
  const found = code.matchAll(/(?:^|[\s;}])(?:from|import|import\()\s*["']([^"']+)["']/g);
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
  return [...DOORS, ...folders.flat().filter((path) => path.endsWith(".ts"))];
}

const imports = (await Promise.all((await files()).map((path) => importsOf(path)))).flat();

/** Imports that load the file at once: neither those of types, nor `import()`. */
const loads = (await Promise.all((await files()).map((path) => importsOf(path, true)))).flat();

/** A MIME reader is shown its `Easy`, whose options name `Mime`: a type has to go up somewhere. */
const TYPE_UP: Import = { from: "src/handles/mime/reader.ts", to: "src/handles/easy/easy.ts" };
const isExcepted = ({ from, to }: Import) => from === TYPE_UP.from && to === TYPE_UP.to;

test("every file belongs to a room", async () => {
  for (const path of await files()) expect(roomOf(path), path).not.toBe(-1);
  expect(imports.length).toBeGreaterThan(100);
});

test("imports point down, never up or sideways", () => {
  const inside = imports.filter(({ to }) => to.endsWith(".ts"));
  const wrong = inside.filter(({ from, to }) => roomOf(to) > roomOf(from) || roomOf(to) === -1);
  expect(wrong).toEqual([]);
});

test("only its own door imports the room of node-libcurl", () => {
  const from = imports.filter(({ from, to }) =>
    to.startsWith("src/node_libcurl/") && !from.startsWith("src/node_libcurl/")
  );
  expect(new Set(from.map(({ from }) => from))).toEqual(new Set(["node_libcurl.ts"]));
});

/** All files that a file loads, type-only imports too. */
function loadedBy(path: string, found = new Set<string>([path])): Set<string> {
  for (const { to } of imports.filter(({ from }) => from === path)) {
    if (!found.has(to)) loadedBy(to, found.add(to));
  }
  return found;
}

test("mod.ts loads nothing that other doors are for", () => {
  const loaded = loadedBy("mod.ts"), rooms = [...loaded].map(roomOf);
  expect(loaded.size).toBeGreaterThan(100);
  for (
    const room of [
      "src/node_libcurl",
      "src/command",
      "src/doctor",
      "src/register",
      "src/cli",
      "src/observe",
    ]
  ) {
    expect(rooms).not.toContain(ROOMS.indexOf(room));
  }
  expect([...loadedBy("command.ts")].map(roomOf)).not.toContain(ROOMS.indexOf("src/cli"));
});

test("the main door does not load sessions", () => {
  const own = ["src/http/session/", "src/http/cookies/cookie_jar.ts", "src/http/retry/"];
  const isOwn = (path: string) => own.some((start) => path.startsWith(start));
  const loaded = new Set<string>(), waiting = ["mod.ts"];
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    waiting.push(...loads.filter(({ from }) => from === path).map(({ to }) => to));
  }
  expect([...loaded].filter(isOwn)).toEqual([]);
  expect(loaded.size).toBeGreaterThan(50);
});

/** A way through `edges` that comes back to where it has been, or null. */
function circle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const done = new Set<string>(), path: string[] = [];
  const visit = (node: string): string[] | null => {
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    if (done.has(node)) return null;
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const found = visit(next);
      if (found) return found;
    }
    done.add(path.pop()!);
    return null;
  };
  for (const node of edges.keys()) {
    const found = visit(node);
    if (found) return found;
  }
  return null;
}

/** The imports between nodes, where `nodeOf` tells the node of a path, null for none. */
function edgesBetween(nodeOf: (path: string) => string | null): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports.filter((entry) => !isExcepted(entry))) {
    const start = nodeOf(from), end = nodeOf(to);
    if (start === null || end === null || start === end) continue;
    edges.set(start, (edges.get(start) ?? new Set()).add(end));
  }
  return edges;
}

/** All folders above the files, each with a slash at its end; "" is the root. */
async function folders(): Promise<Set<string>> {
  const parts = (await files()).map((path) => path.split("/"));
  return new Set(
    parts.flatMap((names) =>
      names.map((_, count) => names.slice(0, count).map((name) => `${name}/`).join(""))
    ),
  );
}

test("circle() finds a circle, and none where there is none", () => {
  const edges = new Map([["a", new Set(["b", "c"])], ["b", new Set(["c"])]]);
  expect(circle(edges)).toBeNull();
  expect(circle(new Map([...edges, ["c", new Set(["b"])]]))).toEqual(["b", "c", "b"]);
});

test("no files import each other in a circle, types included", () => {
  expect(circle(edgesBetween((path) => path.endsWith(".ts") ? path : null))).toBeNull();
});

test("in no folder do its files and subfolders import each other in a circle", async () => {
  for (const folder of await folders()) {
    const entryOf = (path: string) =>
      path.endsWith(".ts") && path.startsWith(folder)
        ? path.slice(folder.length).split("/")[0]!
        : null;
    expect(circle(edgesBetween(entryOf)), `in ${folder || "the root"}`).toBeNull();
  }
});

test("the one import that may go up is of a type", async () => {
  expect(imports.filter(isExcepted)).toHaveLength(1);
  const text = await readFile(join(ROOT, TYPE_UP.from), "utf8");
  expect(text).toContain('import type { Easy } from "../easy/easy.ts";');
});

test("no folder has more than 20 files", async () => {
  const counts = new Map<string, number>();
  for (const path of await files()) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  expect([...counts].filter(([, count]) => count > 20)).toEqual([]);
});

test("ffi/ has no dependency but the runtime, and the library none at all", () => {
  const outside = imports.filter(({ to }) => !to.endsWith(".ts"));
  const wrong = outside.filter(({ to }) => !/^(node|bun):/.test(to));
  expect(wrong).toEqual([]);
  const bun = outside.filter(({ to }) => to.startsWith("bun:")).map(({ from }) => from);
  expect([...new Set(bun)].sort()).toEqual(["ffi/bun.ts", "ffi/bun_worker.ts"]);
});

/**
 * What an import of `mod.ts` loads of the runtime: the loop needs timers and each response a buffer,
 * and the third is cheap. The others cost 2 to 20 ms, so they are loaded at the first call that
 * needs them.
 */
const LOADED_AT_START = ["node:buffer", "node:timers", "node:util/types"];

/** The modules that those of a file load with it, types left out; `import()` loads later. */
async function loadedWith(path: string): Promise<string[]> {
  const text = (await readFile(join(ROOT, path), "utf8")).replace(/\/\*[^]*?\*\//g, "");
  const found = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^"';]*\sfrom\s+)?"([^"]+)"/gm);
  return [...found].map(([, to = ""]) =>
    to.startsWith(".") ? normalize(join(dirname(path), to)).replaceAll(sep, "/") : to
  );
}

test("mod.ts loads no module of the runtime before a call needs it", async () => {
  const loaded = new Set(["mod.ts"]);
  for (const path of loaded) {
    if (path.endsWith(".ts")) { for (const to of await loadedWith(path)) loaded.add(to); }
  }
  // bun:ffi stands in the text of a Worker, and Deno could not load it
  const outside = [...loaded].filter((path) => !path.endsWith(".ts") && path !== "bun:ffi");
  expect(outside.sort()).toEqual(LOADED_AT_START);
  expect(loaded).toContain("src/http/transfer/transfer.ts");
  expect(loaded).not.toContain("src/http/files/destination.ts");
});

test("only ffi/deno.ts says Deno, only ffi/bun.ts and its fallback say Bun", async () => {
  const allowed = ["ffi/deno.ts", "ffi/bun.ts", "ffi/bun_worker.ts", "ffi/runtime.ts"];
  for (const path of (await files()).filter((path) => !allowed.includes(path))) {
    const text = await readFile(join(ROOT, path), "utf8");
    const code = text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "");
    expect(/\b(Deno|Bun)\.|bun:ffi|\bin globalThis/.exec(code)?.[0], path).toBeUndefined();
  }
});

/** The files of `src/` whose code has something that the pattern matches. */
async function filesWith(pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const path of (await files()).filter((path) => path.startsWith("src/"))) {
    const text = await readFile(join(ROOT, path), "utf8");
    if (pattern.test(text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, ""))) found.push(path);
  }
  return found;
}

test("native callbacks are made in the one place that lets no exception into C", async () => {
  expect(await filesWith(/native\.callback\(/)).toEqual(["src/handles/base/native_callback.ts"]);
});

test("the handles do not ask a public member of their own, which a subclass may override", async () => {
  const asked = await filesWith(/this\.(closed|getInfo|setOpt|pause|infoRead)\b/);
  // a generator over infoRead() is what messages() is; the outbox is no handle
  expect(asked.sort()).toEqual(["src/handles/multi/multi.ts", "src/http/websocket/outbox.ts"]);
});
