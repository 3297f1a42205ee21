// How the tests are arranged: rules that a file cannot leave by being copied.
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const HERE = fileURLToPath(new URL("./", import.meta.url));

/** The paths of the files of `test/`, without `test/` before them. */
async function files(): Promise<string[]> {
  const entries = await readdir(HERE, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(HERE.length).replaceAll(sep, "/"));
}

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

  const tests = (await files()).filter((path) => path.endsWith(".test.ts"));
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
