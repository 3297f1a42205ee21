// Installs what package-lock.json pins, where it is missing or another version. Says nothing
// where there is nothing to do.
//
//   npm run setup
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { findRuntime, inModules, pinnedVersions, ROOT, RUNTIMES } from "./runtimes.mjs";

/** The oldest Node.js that the tools and the test servers run on. */
const NODE = [20, 19];

function checkNode() {
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
  // stdout belongs to whoever called: a demo's table, a test's summary
  const stdio = ["inherit", process.stderr, "inherit"];
  return spawnSync(command, args, { cwd: ROOT, stdio, shell }).status === 0;
}

function npm(...args) {
  const script = process.env["npm_execpath"];
  return script?.endsWith(".js") ? run(process.execPath, script, ...args) : run("npm", ...args);
}

function install() {
  const missing = outdated().map(([name, version]) => `${name} ${version}`);
  if (missing.length === 0) return;
  process.stderr.write(`Installing ${missing.join(", ")} from npm\n`);
  if (!npm("ci", "--include=dev", "--no-audit", "--no-fund")) {
    throw new Error("npm ci failed: see above");
  }
}

/** Both runtimes' paths; where npm ran no scripts, bun's own one puts its binary in place. */
function locate() {
  if (!findRuntime("bun")) run(process.execPath, inModules("bun", "install.js"));
  const found = RUNTIMES.map((name) => [name, findRuntime(name)]);
  for (const [name, path] of found) {
    if (path) continue;
    const { platform, arch } = process;
    throw new Error(`the npm package "${name}" has no binary that runs on ${platform} ${arch}`);
  }
  return Object.fromEntries(found);
}

/** Makes sure that everything is installed; the paths of the runtimes by name. */
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
