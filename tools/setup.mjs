// Installs the packages of package-lock.json that are missing or have another version. Prints
// nothing if there are none.
//
//   npm run setup
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { findRuntime, inModules, pinnedVersions, ROOT, RUNTIMES, SELF } from "./runtimes.mjs";

/** The oldest Node.js that the tools and the test servers run on. */
const NODE = [20, 19];

function checkNode() {
  if (process.versions.bun || process.versions.deno) return;
  const [major, minor] = process.versions.node.split(".").map(Number), [first, second] = NODE;
  if (major > first || (major === first && minor >= second)) return;
  throw new Error(`Node.js ${NODE.join(".")} or newer is needed, this is ${process.version}`);
}

function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(inModules(name, "package.json"), "utf8")).version;
  } catch {
    return null;
  }
}

/** The pinned packages that are missing or have another version. */
function outdated() {
  return [...pinnedVersions()].filter(([name, version]) => installedVersion(name) !== version);
}

function run(command, ...args) {
  const shell = process.platform === "win32" && command === "npm";
  // stdout belongs to the calling program: a demo's table, a test's summary
  const stdio = ["inherit", process.stderr, "inherit"];
  return spawnSync(command, args, { cwd: ROOT, stdio, shell }).status === 0;
}

/** Installs with Deno, which first converts npm's lock file to its own. */
function installByDeno(runtime) {
  const isDone = run(runtime, "install", "--quiet", "--node-modules-linker=hoisted");
  rmSync(join(ROOT, "deno.lock"), { force: true });
  return isDone;
}

/** Installs with the package manager of the present runtime. */
function fetchPackages() {
  const runtime = process.execPath, script = process.env["npm_execpath"];
  if (process.versions.bun) return run(runtime, "install", "--no-save", "--no-summary");
  if (process.versions.deno) return installByDeno(runtime);
  const npm = script?.endsWith(".js") ? [runtime, script] : ["npm"];
  return run(...npm, "ci", "--include=dev", "--no-audit", "--no-fund");
}

function install() {
  const missing = outdated().map(([name, version]) => `${name} ${version}`);
  if (missing.length === 0) return;
  process.stderr.write(`Installing ${missing.join(", ")} from npm\n`);
  if (!fetchPackages()) throw new Error("the packages could not be installed: see above");
}

/**
 * The paths of both runtimes. If npm has run no scripts, bun's own script is run to install its
 * binary.
 */
function locate() {
  if (!findRuntime("bun")) run(...SELF, inModules("bun", "install.js"));
  const found = RUNTIMES.map((name) => [name, findRuntime(name)]);
  for (const [name, path] of found) {
    if (path) continue;
    const { platform, arch } = process;
    throw new Error(`the npm package "${name}" has no binary that runs on ${platform} ${arch}`);
  }
  return Object.fromEntries(found);
}

/** Makes sure that everything is installed. Returns the paths of the runtimes by name. */
export function setup() {
  try {
    checkNode();
    install();
    return locate();
  } catch (error) {
    process.stderr.write(`Cannot set up: ${error.message}\n`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) setup();
