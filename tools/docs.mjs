// Builds the documentation site into docs/dist/.
//
//   npm run docs                 builds it
//   npm run docs -- --check      and checks each link and anchor in it, and runs its tests
//   npm run docs -- --serve      and shows it on the loopback interface, until Ctrl-C
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { API, DIST, TOOLS } from "./docs/paths.mjs";
import { ROOT } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const FLAGS = ["--check", "--serve"];

/** Whether the installed packages are those that tools/docs/package-lock.json pins. */
function isInstalled() {
  const { packages } = JSON.parse(readFileSync(join(TOOLS, "package-lock.json"), "utf8"));
  return Object.keys(packages[""].devDependencies).every((name) => {
    const path = join(TOOLS, "node_modules", name, "package.json");
    const version = packages[`node_modules/${name}`].version;
    return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).version === version;
  });
}

/** Runs a program. If it fails, this program ends. */
function run(command, args, cwd = ROOT) {
  const shell = process.platform === "win32" && command === "npm";
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit", shell });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs the parts of the build, each in a process of its own, which vitepress needs. */
function build() {
  rmSync(API, { recursive: true, force: true });
  rmSync(DIST, { recursive: true, force: true });
  run(process.execPath, ["tools/docs/api.mjs"]);
  const vitepress = join(TOOLS, "node_modules", "vitepress", "bin", "vitepress.js");
  run(process.execPath, [vitepress, "build", "docs"]);
  run(process.execPath, ["tools/docs/llms.mjs"]);
}

const flags = process.argv.slice(2), unknown = flags.filter((flag) => !FLAGS.includes(flag));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown: ${unknown.join(" ")}. Usage: npm run docs [-- ${FLAGS.join("|")}]\n`,
  );
  process.exit(2);
}
setup();
if (!isInstalled()) run("npm", ["ci", "--no-audit", "--no-fund"], TOOLS);
build();
if (flags.includes("--check")) {
  run(process.execPath, ["tools/docs/check.mjs"]);
  run(process.execPath, ["tools/test.mjs", "test/site"]);
}
if (flags.includes("--serve")) run(process.execPath, ["tools/docs/serve.mjs"]);
