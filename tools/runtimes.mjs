// Where the pinned runtimes are: Bun and Deno come from npm, like every other tool here.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULES = join(ROOT, "node_modules");
const EXE = process.platform === "win32" ? ".exe" : "";

/** The names, in the order in which they are run. */
export const RUNTIMES = ["bun", "deno"];

/** How a person writes a runtime's name. */
export const TITLES = { bun: "Bun", deno: "Deno" };

/** How the runtime that these tools run on starts another script: Node.js, Bun or Deno. */
export const SELF = [process.execPath, ...("Deno" in globalThis ? ["run", "-A"] : [])];

/** A path inside node_modules. */
export function inModules(...parts) {
  return join(MODULES, ...parts);
}

/** The version of a package that package-lock.json pins, by the name of each pinned one. */
export function pinnedVersions() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const names = Object.keys(packages[""].devDependencies);
  return new Map(names.map((name) => [name, packages[`node_modules/${name}`].version]));
}

/** The binaries of one platform package each, such as `node_modules/@deno/<platform>/deno`. */
function platformBinaries(scope, ...inside) {
  if (!existsSync(inModules(scope))) return [];
  return readdirSync(inModules(scope)).map((name) => inModules(scope, name, ...inside));
}

// A package's own script moves the binary out of its platform package, where scripts may run.
const CANDIDATES = {
  bun: () => [
    inModules("bun", "bin", "bun.exe"),
    ...platformBinaries("@oven", "bin", `bun${EXE}`),
  ],
  deno: () => [inModules("deno", `deno${EXE}`), ...platformBinaries("@deno", `deno${EXE}`)],
};

/** Whether a binary is there and says that it has that version. */
function answers(path, version) {
  if (!existsSync(path)) return false;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.split(/\s+/).includes(version);
}

/**
 * The absolute path of the pinned `bun` or `deno`, null where it does not run. CURLEW_RUNTIMES
 * names a folder with copies that run on another C library: see tools/matrix.
 */
export function findRuntime(name) {
  const version = pinnedVersions().get(name);
  const copies = process.env["CURLEW_RUNTIMES"];
  const candidates = copies ? [join(copies, name)] : CANDIDATES[name]();
  return candidates.find((path) => answers(path, version)) ?? null;
}
