// What `npm run release` leaves of the files, in a small repository with stand-ins for npm and Deno.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { type ChildResult, runProgram } from "./server/child.ts";
import { findNode } from "./server/node.ts";
import { useFolder } from "./use.ts";

const TOOLS = fileURLToPath(new URL("../tools/", import.meta.url));
const folder = useFolder("release");
const git = (...args: string[]) => spawnSync("git", args, { cwd: root, encoding: "utf8" });
const hasGit = spawnSync("git", ["--version"]).status === 0;
let root = "", number = 0;

/** The files that a release changes, and what it needs of the others. */
const FILES: Readonly<Record<string, string>> = {
  ".gitignore": "node_modules\nbin\n",
  "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- All.\n",
  "deno.json": '{ "version": "0.1.0" }',
  "package.json": '{ "version": "0.1.0" }',
  "package-lock.json": JSON.stringify(
    {
      name: "curlew",
      version: "0.1.0",
      packages: {
        "": {
          name: "curlew",
          version: "0.1.0",
          devDependencies: { bun: "1.0.0", deno: "1.0.0" },
        },
        "node_modules/bun": { version: "1.0.0" },
        "node_modules/deno": { version: "1.0.0" },
      },
    },
    null,
    2,
  ),
  "src/curlew_version.ts": 'export const CURLEW_VERSION = "0.1.0";\n',
  "node_modules/bun/package.json": '{ "version": "1.0.0" }',
  "node_modules/deno/package.json": '{ "version": "1.0.0" }',
};
const CHANGED = ["CHANGELOG.md", "deno.json", "package.json", "src/curlew_version.ts"];
const PROGRAMS = ["node_modules/bun/bin/bun.exe", "node_modules/deno/deno", "bin/npm"];

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), text);
}

/** `FAILS` in the environment is the first argument with which a program fails. */
const PROGRAM = `#!/bin/sh
[ "$1" = --version ] && echo 1.0.0
[ "$1" = "$HANGS" ] && echo hangs && exec sleep 20
[ "$1" != "$FAILS" ]
`;

beforeEach(async () => {
  root = join(folder, String(number++));
  for (const [path, text] of Object.entries(FILES)) await put(path, text);
  for (const path of PROGRAMS) {
    await put(path, PROGRAM);
    await chmod(join(root, path), 0o700);
  }
  for (const name of ["release", "runtimes", "setup"]) {
    await cp(join(TOOLS, `${name}.mjs`), join(root, "tools", `${name}.mjs`), { recursive: true });
  }
  if (!hasGit) return;
  git("init", "--quiet", "--initial-branch", "main");
  git("config", "user.name", "Somebody");
  git("config", "user.email", "somebody@example.com");
  git("add", "--all");
  expect(git("commit", "--quiet", "--message", "All").status).toBe(0);
});

const environment = (own: Readonly<Record<string, string>>) => ({
  PATH: `${join(root, "bin")}${delimiter}${process.env["PATH"]}`,
  ...own,
});

function release(env: Readonly<Record<string, string>>, ...args: string[]): Promise<ChildResult> {
  const script = join(root, "tools", "release.mjs");
  return runProgram(findNode(), { args: [script, ...args], cwd: root, env: environment(env) });
}

/** The files that differ from the last commit. */
const differing = () => git("status", "--porcelain").stdout;

const WHY = hasGit ? "" : " (NOT RUN: there is no git)";
const needsGit = test.skipIf(!hasGit);

needsGit(`a dry run changes no file${WHY}`, async () => {
  const result = await release({}, "0.2.0", "--dry-run");
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(result.stdout).toContain("0.2.0 could be released\n");
  expect(differing()).toBe("");
});

needsGit(`the version is that of package.json if none is given${WHY}`, async () => {
  const result = await release({}, "--dry-run", "--skip-tests");
  expect(result.stdout).toContain("0.1.0 could be released\n");
  expect(result.stdout).not.toContain("npm test");
});

needsGit(
  `a release whose tests fail restores the files, so that it can be repeated${WHY}`,
  async () => {
    const failed = await release({ FAILS: "test" }, "0.2.0");
    expect(failed).toMatchObject({ code: 1, stderr: "npm test has failed\n" });
    expect(differing()).toBe("");
  },
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  for (const args of [["0.2.0"], ["0.2.0", "--dry-run"]]) {
    needsGit(`${signal} restores the files of ${args.join(" ")}${WHY}`, async () => {
      const script = join(root, "tools", "release.mjs");
      const env = { ...process.env, ...environment({ HANGS: "test" }) };
      const child = spawn(findNode(), [script, ...args], { cwd: root, env, timeout: 15_000 });
      const exited = once(child, "exit");
      child.stdout.setEncoding("utf8");
      await new Promise<void>((resolve) => {
        child.stdout.on("data", (text: string) => text.includes("hangs") && resolve());
      });
      for (const path of CHANGED) {
        expect(await readFile(join(root, path), "utf8")).toContain("0.2.0");
      }
      process.kill(child.pid!, signal); // after child.kill() Deno reports the signal as the end
      expect(await exited).toEqual([1, null]);
      expect(differing()).toBe("");
    });
  }
}

needsGit(
  `after a publication that fails the commands that are left are printed${WHY}`,
  async () => {
    const { code, stderr } = await release({ FAILS: "publish" }, "0.2.0", "--skip-tests");
    // Deno's check fails first, and nothing is committed
    expect([code, stderr, differing()]).toEqual([1, expect.stringContaining("has failed\n"), ""]);
    await put("node_modules/deno/deno", PROGRAM.replace("$FAILS", "nothing"));
    const later = await release({ FAILS: "publish" }, "0.2.0", "--skip-tests");
    expect(later.code).toBe(1);
    expect(later.stderr).toMatch(
      /committed.*:\n {2}npm publish --access public\n {2}\S*deno publish\n {2}git push --follow-tags\n/,
    );
    expect(git("log", "--format=%s", "-1").stdout).toBe("Release 0.2.0\n");
    expect(git("tag").stdout).toBe("v0.2.0\n");
  },
);

needsGit(`a changelog without the heading is refused with the remedy${WHY}`, async () => {
  await put("CHANGELOG.md", "# Changelog\n");
  expect(await release({}, "0.2.0", "--dry-run")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('write "## Unreleased" above the last release'),
  });
});

test("--help prints the usage, and a wrong option, too", async () => {
  expect(await release({}, "--help")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Usage: npm run release -- [VERSION]"),
  });
  expect(await release({}, "--drop")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/--drop[^]*Usage: /),
  });
});
