import { copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, sep } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { type ChildResult, runProgram } from "./server/child.ts";
import { findNode } from "./server/node.ts";
import { FOR_NODE_LIBCURL, PROGRAM } from "./package_programs.ts";
import { useFolder, useServer } from "./use.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MINUTE = 60_000;

const COMMONJS = `
const { Easy } = require("node-libcurl");
const easy = new Easy();
console.log(easy.setOpt("URL", process.argv[2]), easy.setOpt("NOBODY", true), easy.perform());
`;

/** The folder that stands in for node-libcurl where something else imports it. */
const STAND_IN = {
  "package.json": JSON.stringify({
    name: "node-libcurl",
    version: "5.1.2",
    type: "module",
    exports: { types: "./index.d.ts", default: "./index.js" },
  }),
  "index.js": `export * from "curlew/node-libcurl";\n` +
    `export { default } from "curlew/node-libcurl";\n`,
};

const server = useServer("http");
const folder = useFolder("package");

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
  await writeFile(join(folder, "package.json"), `{ "private": true, "type": "module" }`);
  await writeFile(join(folder, "main.ts"), PROGRAM);
  const standIn = join(folder, "stand-in");
  await mkdir(standIn);
  for (const [name, text] of Object.entries(STAND_IN)) await writeFile(join(standIn, name), text);
  await writeFile(join(standIn, "index.d.ts"), STAND_IN["index.js"]);
  await writeFile(join(folder, "switched.ts"), FOR_NODE_LIBCURL);
  await writeFile(join(folder, "commonjs.cjs"), COMMONJS);
  await run("npm", "pack", "--silent", "--pack-destination", folder, ROOT);
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
  const install = ["install", "--offline", "--no-audit", "--no-fund"];
  await run("npm", ...install, `./${tarball}`, "./stand-in");
}, MINUTE);

test("the npm package has what it needs, and nothing else", async () => {
  const inside = join(folder, "node_modules", "curlew");
  const documents = ["CHANGELOG.md", "LICENSE", "LIMITS.md", "README.md", "SECURITY.md"];
  const names = [...documents, "bench", "dist", "examples", "package.json"];
  expect((await readdir(inside)).sort()).toEqual(names);
  // beside each bundle stands its source map
  const inDist = (await readdir(join(inside, "dist"))).filter((name) => !name.endsWith(".js.map"));
  expect(inDist.sort())
    .toEqual([
      "chunks",
      "cli.d.ts",
      "cli.js",
      "command.d.ts",
      "command.js",
      "doctor.d.ts",
      "doctor.js",
      "ffi",
      "globals.d.ts",
      "mod.d.ts",
      "mod.js",
      "node",
      "node_libcurl.d.ts",
      "node_libcurl.js",
      "observe.d.ts",
      "observe.js",
      "poll.d.ts",
      "poll.js",
      "register.d.ts",
      "register.js",
      "session.d.ts",
      "session.js",
      "src",
    ]);
  expect((await readdir(join(inside, "dist", "ffi", "curl"))).join()).not.toContain("generat");
  expect((await readdir(join(folder, "node_modules"))).filter((name) => name[0] !== ".").sort())
    .toEqual(["curlew", "node-libcurl"]);
});

test("links in the documents of the npm package lead to files of it", async () => {
  const inside = join(folder, "node_modules", "curlew");
  const files = (await readdir(inside, { recursive: true })).map((name) =>
    name.replaceAll(sep, "/")
  );
  const documents = files.filter((name) => name.endsWith(".md"));
  expect(documents.length).toBeGreaterThan(4);
  const missing: string[] = [];
  for (const name of documents) {
    const text = await readFile(join(inside, name), "utf8");
    const links = text.matchAll(
      /\]\((?!https?:)([^)#]+)[^)]*\)|(?:src|href)="(?!https?:)([^"#]+)/g,
    );
    for (const [, link, attribute] of links) {
      const target = join(dirname(name), link ?? attribute ?? "").replaceAll(sep, "/");
      if (!files.includes(target)) missing.push(`${name}: ${target}`);
    }
  }
  expect(missing).toEqual([]);
});

test("--preload takes the packed curlew/register as README says", async () => {
  const text = await readFile(join(ROOT, "README.md"), "utf8"),
    path = "./node_modules/curlew/dist/register.js";
  expect(text).toContain(`\`${path}\``);
  // the built-in fetch knows no option of libcurl
  const program = `fetch("${server.url("/small")}", { curl: { NO_SUCH: 1 } })
    .then(() => console.log("built-in"), (error) => console.log(error.message));\n`;
  await writeFile(join(folder, "preloaded.ts"), program);
  const args = "Bun" in globalThis
    ? ["--preload", "curlew/register"]
    : ["run", "-A", "--no-check", "--preload", path];
  const { stdout } = await run(process.execPath, ...args, "preloaded.ts");
  expect(stdout).toContain("NO_SUCH");
});

test("the npm package runs on this runtime", async () => {
  const url = server.url("/small");
  const args = "Bun" in globalThis ? ["main.ts", url] : ["run", "--allow-ffi", "main.ts", url];
  const { stdout } = await run(process.execPath, ...args);
  expect(stdout).toBe("200 true 0 CurlEasyError true\n");
});

/** A GET, which needs the main door, and a session, which needs another. */
const COPIED = ["http/get.ts", "http/session.ts"];

test("examples run where a reader copies them to, beside the npm package", async () => {
  const inside = join(folder, "node_modules", "curlew", "examples");
  expect((await readdir(inside)).sort()).toEqual((await readdir(join(ROOT, "examples"))).sort());
  for (const name of COPIED) {
    await copyFile(join(inside, name), join(folder, "copied.ts"));
    const args = [server.url("/small"), join(folder, "jar.txt")];
    const flags = "Bun" in globalThis ? [] : ["run", "-A", "--no-check"];
    const { stdout } = await run(process.execPath, ...flags, "copied.ts", ...args);
    expect(stdout, name).toContain('"name":"small"');
    // only Bun runs TypeScript inside a package
    if (!("Bun" in globalThis)) continue;
    const there = await run(process.execPath, join(inside, name), ...args);
    expect(there.stdout, name).toContain('"name":"small"');
  }
});

test.skipIf("Bun" in globalThis)(
  "examples run where a reader copies them to, with the clone as a link, which only Deno has",
  async () => {
    const linked = join(folder, "linked"), config = join(linked, "deno.json");
    await mkdir(linked);
    const text = await readFile(join(ROOT, "README.md"), "utf8");
    const [, said = ""] = /^(\{ "imports": .*"links".*)$/m.exec(text) ?? [];
    await writeFile(config, said.replace("../curlew", ROOT));
    for (const name of COPIED) {
      await copyFile(join(ROOT, "examples", name), join(linked, "copied.ts"));
      const flags = ["run", "--cached-only", "-A", "--config", config, join("linked", "copied.ts")];
      const args = [server.url("/small"), join(folder, "jar.txt")];
      const { stdout } = await run(process.execPath, ...flags, ...args);
      expect(stdout, name).toContain('"name":"small"');
    }
  },
);

/** What `surface.ts` tells of the doors in a folder, whose files have that ending. */
async function surfaceOf(root: string, ending: "ts" | "js"): Promise<Record<string, unknown>> {
  const doors = [
    "mod",
    "ffi/mod",
    "src/constants",
    "command",
    "session",
    "poll",
    "observe",
    "node_libcurl",
  ];
  const urls = doors.map((door) => pathToFileURL(join(root, `${door}.${ending}`)).href);
  const flags = ["run", "-A", "--no-check", "--config", join(ROOT, "deno.json")];
  const program = join(ROOT, "test", "surface.ts");
  const args = "Bun" in globalThis ? [program] : [...flags, program];
  return JSON.parse((await run(process.execPath, ...args, ...urls)).stdout);
}

test("the bundles of the npm package show what the sources do", async () => {
  const source = await surfaceOf(ROOT, "ts");
  const bundled = await surfaceOf(join(folder, "node_modules", "curlew", "dist"), "js");
  expect(bundled).toEqual(source);
  expect(bundled["shared"]).toEqual(
    { error: true, constants: true, configure: true, loadError: true },
  );
  expect(Object.values(source["errors"] as object)).not.toContain("no error");
}, MINUTE);

/** Runs a file of the project, with a URL. */
async function runFile(name: string, ...denoFlags: string[]): Promise<string> {
  const args = "Bun" in globalThis ? [] : ["run", "-A", "--no-check", ...denoFlags];
  return (await run(process.execPath, ...args, name, server.url("/small"))).stdout;
}

test("a program for node-libcurl runs where a folder of that name leads to the package", async () => {
  expect(await runFile("switched.ts")).toBe("200 true true true\n");
  expect(await runFile("commonjs.cjs")).toBe("0 0 0\n");
});

test("a program for node-libcurl runs by an entry in the runtime's own configuration", async () => {
  const aliased = join(folder, "aliased");
  await mkdir(aliased);
  await writeFile(join(aliased, "main.ts"), FOR_NODE_LIBCURL);
  const dist = "../node_modules/curlew/dist/node_libcurl";
  const imports = { "node-libcurl": `${dist}.js` }, paths = { "node-libcurl": [dist] };
  await writeFile(join(aliased, "deno.json"), JSON.stringify({ imports }));
  await writeFile(join(aliased, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
  await rename(join(folder, "node_modules", "node-libcurl"), join(folder, "moved"));
  try {
    const stdout = await runFile(
      join("aliased", "main.ts"),
      "--config",
      join("aliased", "deno.json"),
    );
    expect(stdout).toBe("200 true true true\n");
  } finally {
    await rename(join(folder, "moved"), join(folder, "node_modules", "node-libcurl"));
  }
});

const packedVersion = async () =>
  JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")).version;

/** The doors of the package, as programs name them. */
async function doorNames(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const doors = Object.keys(exports).filter((door) => door !== "./package.json");
  expect(doors.length).toBeGreaterThan(9);
  return doors.map((door) => door.replace(/^\./, "curlew"));
}

test("each door is the same by require and by import", async () => {
  const names = await doorNames();
  await writeFile(
    join(folder, "doors.cjs"),
    `(async () => {
  for (const name of ${JSON.stringify(names)}) {
    const required = require(name), imported = await import(name);
    const keys = Object.keys(imported);
    const isSame = keys.every((key) => required[key] === imported[key]);
    // Deno marks a namespace that has a default export
    const others = Object.keys(required).filter((key) => key !== "__esModule");
    console.log(name, isSame && others.join() === keys.join());
  }
})();
`,
  );
  expect(await runFile("doors.cjs")).toBe(names.map((name) => `${name} true\n`).join(""));
});

test("on Node.js each door says which runtimes there are", async () => {
  for (const name of await doorNames()) {
    const what = { "curlew": "{ fetch, Agent }", "curlew/session": "{ createFetch }" }[name];
    const programs = {
      "on_node.mjs": what ? `import ${what} from "${name}";\n` : `import "${name}";\n`,
      "on_node.cjs": `require("${name}");\n`,
    };
    for (const [file, text] of Object.entries(programs)) {
      await writeFile(join(folder, file), text);
      const child = await runProgram(findNode(), { args: [join(folder, file)] });
      expect(child.code).not.toBe(0);
      expect(child.stderr, name).toContain("curlew runs on Bun and Deno");
      expect(child.stderr).not.toContain("SyntaxError");
    }
  }
}, MINUTE);

test("the npm package brings the command curlew", async () => {
  const bin = join(folder, "node_modules", ".bin", "curlew");
  const args = "Bun" in globalThis ? [bin] : ["run", "-A", bin];
  const fetched = await run(process.execPath, ...args, "curl", "-q", "-s", server.url("/small"));
  expect(JSON.parse(fetched.stdout).name).toBe("small");
  const code = await run(process.execPath, ...args, "code", "curl http://x.test/");
  expect(code.stdout).toContain(`await fetch("http://x.test/"`);
  const { stdout } = await run(process.execPath, ...args, "doctor", "--json");
  const { system, problems } = JSON.parse(stdout);
  expect({ version: system.curlew, problems }).toEqual({
    version: await packedVersion(),
    problems: [],
  });
});

test("a compiled Bun program brings the package with it", async () => {
  const program = join(folder, "compiled");
  await pinned("bun", "build", "--compile", "main.ts", "--outfile", program);
  await rename(join(folder, "node_modules"), join(folder, "moved"));
  try {
    const { stdout } = await run(program, server.url("/small"));
    expect(stdout).toBe("200 true 0 CurlEasyError true\n");
  } finally {
    await rename(join(folder, "moved"), join(folder, "node_modules"));
  }
}, MINUTE);

test("JSR would take the sources", async () => {
  const config = join(ROOT, "deno.json");
  const publish = ["publish", "--dry-run", "--allow-dirty", "--config", config];
  const { stderr } = await pinned("deno", ...publish);
  expect(stderr).toContain("Success");
  for (
    const door of [
      "mod",
      "command",
      "cli",
      "session",
      "observe",
      "poll",
      "register",
      "node_libcurl",
    ]
  ) {
    expect(stderr).toContain(`/${door}.ts (`);
  }
  for (const name of COPIED) expect(stderr).toContain(`/examples/${name} (`);
  expect(stderr).not.toMatch(/\/(test|tools|dist)\/|generate/);
}, MINUTE);
