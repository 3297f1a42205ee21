// How the tests are arranged: rules that a file cannot leave by being copied.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const HERE = fileURLToPath(new URL("./", import.meta.url));

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));

/** The paths of the files below a folder, from there on. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll(sep, "/"));
}

/** The folders that files are in, and those above them, without the one that all are in. */
function foldersOf(files: readonly string[]): string[] {
  const parents = files.flatMap((path) => {
    const names = dirname(path).split("/");
    return names.map((_, at) => names.slice(0, at + 1).join("/"));
  });
  return [...new Set(parents)].filter((folder) => folder !== ".").sort();
}

const files = await filesOf(HERE), folders = foldersOf(files);
const rooms = foldersOf(await filesOf(SOURCES));

/** Folders of no room: programs that tests run in processes of their own. */
const SUPPORT = ["children", "programs"];

test("each room of src/ has its tests in the folder of that name", () => {
  expect(rooms.length).toBeGreaterThan(30);
  expect(rooms.filter((room) => !room.includes("/") && !folders.includes(room))).toEqual([]);
});

test("a folder inside the folder of a room has the name of a room inside that room", () => {
  const inside = folders.filter((folder) => {
    const [first = "", ...rest] = folder.split("/");
    return rooms.includes(first) && rest.length > 0 && !SUPPORT.includes(rest.at(-1)!);
  });
  expect(inside.length).toBeGreaterThan(15);
  expect(inside.filter((folder) => !rooms.includes(folder))).toEqual([]);
});

test("the map names every folder", async () => {
  const map = await readFile(join(HERE, "README.md"), "utf8");
  const missing = folders.filter((name) => !name.includes("/") && !map.includes(`\`${name}/\``));
  expect(missing).toEqual([]);
});

test("no folder has more than 25 files", () => {
  const counts = new Map<string, number>();
  for (const path of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > 25)).toEqual([]);
});

/** Whether a hook, or the file itself, starts servers. The format tells where a hook ends. */
function startsForAll(text: string): boolean {
  const hooks = text.match(/^( *)before(?:All|Each)\((?:.*;$|[^]*?\n\1\}.*;$)/gm) ?? [];
  return hooks.some((hook) => hook.includes("startServer(")) ||
    /^(?:const|let|\w+ =|await) .*\bstartServer\(/m.test(text);
}

test("only useServer() starts servers for more than one test", async () => {
  const hook = (body: string) => `test();\n  beforeAll(async () => {\n${body}  });\n  test();`;
  expect(startsForAll(hook("    server = await startServer();\n"))).toBe(true);
  expect(startsForAll(`beforeEach(async () => server = await startServer("http"));`)).toBe(true);
  expect(startsForAll(`const server = await startServer("http");`)).toBe(true);
  expect(startsForAll(`${hook("")}\n    const own = await startServer();\n`)).toBe(false);

  const tests = files.filter((path) => path.endsWith(".test.ts"));
  expect(tests.length).toBeGreaterThan(200);
  const users: string[] = [], wrong: string[] = [];
  for (const path of tests) {
    const text = await readFile(join(HERE, path), "utf8");
    if (/\buseServer\(/.test(text)) users.push(path);
    if (path !== "rooms_of_tests.test.ts" && startsForAll(text)) wrong.push(path);
  }
  expect(wrong).toEqual([]);
  expect(users.length).toBeGreaterThan(150);
});
