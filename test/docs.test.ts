import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runChild, runProgram } from "./server/child.ts";
import { findNode } from "./server/node.ts";
import type { TestServer } from "./server/start.ts";
import { useFolder, useServer } from "./use.ts";
import { ROWS } from "./versions.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A piece of TypeScript in a document or a doc comment. */
interface Block {
  /** Such as `README.md:12`. */
  readonly place: string;
  readonly code: string;
}

/** The blocks of a file; in a doc comment every line begins with ` * `. */
async function blocksOf(path: string): Promise<Block[]> {
  const text = await readFile(join(ROOT, path), "utf8");
  const found: Block[] = [];
  for (const match of text.matchAll(/^([ *]*)```ts\n([^]*?)^\1```$/gm)) {
    const [, margin, code] = match as unknown as [string, string, string];
    const lines = code.split("\n").map((line) => line.slice(margin.length));
    const line = text.slice(0, match.index).split("\n").length;
    found.push({ place: `${path}:${line}`, code: lines.join("\n") });
  }
  return found;
}

async function sources(): Promise<string[]> {
  const folders = await Promise.all(["ffi", "src"].map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true });
    return names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
  }));
  // room 4 speaks of names that the door does not have yet
  const door = await readFile(join(ROOT, "mod.ts"), "utf8");
  const hidden = door.includes("./src/http/") ? null : join("src", "http");
  return [
    "mod.ts",
    "command.ts",
    "cli.ts",
    "register.ts",
    "session.ts",
    "node_libcurl.ts",
    "observe.ts",
    "poll.ts",
    ...folders.flat().filter((path) => !hidden || !path.startsWith(hidden)),
  ];
}

const README = await blocksOf("README.md");

/** The pages of the site, but for the reference, which is made from the doc comments. */
async function pages(): Promise<string[]> {
  const names = (await readdir(join(ROOT, "docs"), { recursive: true })).filter((name) =>
    name.endsWith(".md") && !name.startsWith("api")
  );
  return names.sort().map((name) => join("docs", name));
}

const PAGES = (await Promise.all((await pages()).map(blocksOf))).flat();

test("the code in README.md, on the site and in the doc comments type-checks", async () => {
  const paths = await sources();
  const comments = (await Promise.all(paths.map(blocksOf))).flat();
  const blocks = [...README, ...PAGES, ...comments];
  expect(README.length).toBeGreaterThan(3);
  expect(PAGES.length).toBeGreaterThan(8);
  expect(comments.length).toBeGreaterThan(8);
  const folder = await mkdtemp(join(tmpdir(), "curlew-docs-"));
  try {
    await Promise.all(blocks.map(({ place, code }) => {
      // one module each; the name tells where it stands
      const name = `${place.replace(/[^\w.]+/g, "_")}.ts`;
      return writeFile(join(folder, name), `${code}\nexport {};\n`);
    }));
    await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
    const project = join(folder, "tsconfig.json");
    await writeFile(
      project,
      JSON.stringify({
        extends: join(ROOT, "tsconfig.json"),
        compilerOptions: {
          isolatedDeclarations: false,
          declaration: false,
          noUnusedLocals: false,
          noUnusedParameters: false,
          typeRoots: [join(ROOT, "node_modules", "@types"), join(ROOT, "node_modules")],
        },
        include: ["*.ts"],
        exclude: [],
      }),
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { code, stdout, stderr } = await runProgram(findNode(), {
      args: [tsc, "--pretty", "false", "--project", project],
    });
    expect({ code, output: stdout + stderr }).toEqual({ code: 0, output: "" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** The address of a host that the documents name. */
type Hosts = readonly (readonly [name: string, address: string])[];

/** Gives a program the addresses of test servers, and the folder's files in the place of its own. */
function withServers(code: string, server: TestServer): string {
  const hosts: Hosts = [
    ["https://example.com/", server.url("/readme/example")],
    ["https://httpbin.org/post", server.url("/readme/post")],
    ["https://internal.example/", server.url("/small", "mtls")],
    ["socks5h://127.0.0.1:1080", `socks5h://127.0.0.1:${server.socks}`],
    ['"curlew"', '"#root/mod.ts"'],
    ['"curlew/command"', '"#root/command.ts"'],
    ['"curlew/observe"', '"#root/observe.ts"'],
    ['"curlew/poll"', '"#root/poll.ts"'],
    ['"curlew/session"', '"#root/session.ts"'],
    ['"curlew/node-libcurl"', '"#root/node_libcurl.ts"'],
  ];
  return hosts.reduce((text, [name, address]) => text.replaceAll(name, address), code);
}

/** What the lines of a program print, as it says behind them; `…` is anything. */
function promised(code: string): RegExp[] {
  return [...code.matchAll(/console\.log\(.*\);.* \/\/ (.+)$/gm)].map(([, text = ""]) => {
    const parts = text.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`);
  });
}

describe("the code", () => {
  const server = useServer("http", "mtls", "socks");
  const folder = useFolder("readme");
  beforeAll(async () => {
    await copyFile(server.clientCert, join(folder, "client.pem"));
    await copyFile(server.clientKey, join(folder, "client.key"));
    await copyFile(server.ca, join(folder, "ca.pem"));
  });

  test.for([...README, ...PAGES])("at $place runs, and prints what it says", async ({ code }) => {
    const child = await runChild(withServers(code, server), { cwd: folder });
    const stderr = code.includes("verbose: true") ? expect.stringContaining("> GET /") : "";
    expect(child).toMatchObject({ code: 0, stderr });
    const lines = child.stdout.trimEnd().split("\n"), found = promised(code);
    expect(lines.join("")).not.toBe("");
    for (const [at, line] of found.entries()) {
      const where = lines.findIndex((text) => line.test(text));
      expect(where, `${line} of line ${at} in:\n${lines.join("\n")}`).not.toBe(-1);
      lines.splice(0, where + 1);
    }
  });

  test("says what it prints, often enough", () => {
    expect(README.flatMap(({ code }) => promised(code)).length).toBeGreaterThan(9);
  });
});

test("the test in CONTRIBUTING.md is the file that it names, which runs as a test", async () => {
  const blocks = await blocksOf("CONTRIBUTING.md");
  const example = await readFile(join(ROOT, "test/http/files/example.test.ts"), "utf8");
  expect(blocks.map(({ code }) => code)).toEqual([example]);
});

test("LIMITS.md has every difference between libcurls that the tests know", async () => {
  const text = (await readFile(join(ROOT, "LIMITS.md"), "utf8")).replaceAll(/\s+/g, " ");
  const reasons = Object.values(ROWS).map(({ why }) => `${why[0]?.toUpperCase()}${why.slice(1)}.`);
  expect(reasons.filter((reason) => !text.includes(`- ${reason}`))).toEqual([]);
});

test("links in the documents lead to files", async () => {
  const names = (await readdir(ROOT)).filter((name) => name.endsWith(".md"));
  expect(names.sort()).toEqual([
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "DESIGN.md",
    "LIMITS.md",
    "README.md",
    "SECURITY.md",
  ]);
  for (const name of [...names, "test/README.md", "test/RESULTS.md"]) {
    const text = await readFile(join(ROOT, name), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const path = join(ROOT, dirname(name), target);
      await expect(readFile(path), `${name}: ${target}`).resolves.toBeDefined();
    }
  }
});

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}

test("links in the documents lead to headings", async () => {
  const names = (await readdir(ROOT)).filter((name) => name.endsWith(".md"));
  let count = 0;
  for (const name of [...names, "test/README.md", "test/RESULTS.md"]) {
    const text = await readFile(join(ROOT, name), "utf8");
    for (const [, path = "", anchor = ""] of text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
      const target = join(dirname(name), path === "" ? name.split("/").at(-1)! : path);
      const anchors = anchorsOf(await readFile(join(ROOT, target), "utf8"));
      expect(anchors, `${name}: ${target}`).toContain(anchor);
      count++;
    }
  }
  expect(count).toBeGreaterThan(5);
});

const FOLDERS = ["ffi", "src", "test", "tools", "bench", "examples", "docs", ".github"];

/** All files of some folders of the project. */
async function filesBelow(...folders: string[]): Promise<string[]> {
  const lists = await Promise.all(folders.map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true });
    return names.map((name) => `${folder}/${name.replaceAll(sep, "/")}`);
  }));
  return lists.flat().filter((path) => !path.includes("/node_modules/"));
}

test("the paths that the documents for developers name exist", async () => {
  const files = [
    ...await filesBelow(...FOLDERS),
    ...await readdir(ROOT),
  ];
  const ends = new Set(files.flatMap((path) => {
    const parts = path.split("/");
    return parts.map((_, from) => parts.slice(from).join("/"));
  }));
  for (const name of ["ARCHITECTURE.md", "CONTRIBUTING.md", "DESIGN.md", "test/README.md"]) {
    const text = await readFile(join(ROOT, name), "utf8");
    const paths = [...text.matchAll(/`((?:[\w.]+\/)*[\w.]+\.(?:ts|mjs)|(?:[\w.]+\/)+)`/g)]
      .map(([, path = ""]) => path.replace(/\/$/, ""));
    expect(paths.length, name).toBeGreaterThan(3);
    const missing = paths.filter((path) =>
      !ends.has(path) && !/^(dist|docs\/dist|\.cache|\.libraries)$/.test(path)
    );
    expect(missing, name).toEqual([]);
  }
});

test("ARCHITECTURE.md names every folder of the library", async () => {
  const text = await readFile(join(ROOT, "ARCHITECTURE.md"), "utf8");
  const files = await filesBelow("ffi", "src");
  const folders = new Set(files.filter((path) => path.endsWith(".ts")).map(dirname));
  const isNamed = (folder: string) =>
    text.includes(`\`${folder}/\``) || text.includes(`\`${folder.split("/").at(-1)}/\``);
  const inside = /^src\/node_libcurl\/./; // the map has one entry for that room
  expect([...folders].filter((folder) => !inside.test(folder) && !isNamed(folder))).toEqual([]);
});
