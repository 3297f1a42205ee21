// Finds the pinned runtimes: Bun and Deno come from npm, like every other tool here.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULES = join(ROOT, "node_modules");
const EXE = process.platform === "win32" ? ".exe" : "";

/** The names of the runtimes, in the order in which they are run. */
export const RUNTIMES = ["bun", "deno"];

/** The names of the runtimes for people. */
export const TITLES = { bun: "Bun", deno: "Deno" };

/** The command by which the present runtime (Node.js, Bun or Deno) starts another script. */
export const SELF = [process.execPath, ...("Deno" in globalThis ? ["run", "-A"] : [])];

/** A path inside node_modules. */
export function inModules(...parts) {
  return join(MODULES, ...parts);
}

/** The version of each package that package-lock.json pins, by its name. */
export function pinnedVersions() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const names = Object.keys(packages[""].devDependencies);
  return new Map(names.map((name) => [name, packages[`node_modules/${name}`].version]));
}

/** The binaries in platform packages, such as `node_modules/@deno/<platform>/deno`. */
function platformBinaries(scope, ...inside) {
  if (!existsSync(inModules(scope))) return [];
  return readdirSync(inModules(scope)).map((name) => inModules(scope, name, ...inside));
}

// Paths of binaries: the script of a package, if scripts may run, moves the binary out of its
// platform package.
const CANDIDATES = {
  bun: () => [
    inModules("bun", "bin", "bun.exe"),
    ...platformBinaries("@oven", "bin", `bun${EXE}`),
  ],
  deno: () => [inModules("deno", `deno${EXE}`), ...platformBinaries("@deno", `deno${EXE}`)],
};

/** Whether a binary exists and reports that version. */
function answers(path, version) {
  if (!existsSync(path)) return false;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.split(/\s+/).includes(version);
}

/**
 * The absolute path of the pinned `bun` or `deno`, null where it does not run. CURLEW_RUNTIMES
 * names a folder with copies for another C library, made by tools/matrix.
 */
export function findRuntime(name) {
  const version = pinnedVersions().get(name);
  const copies = process.env["CURLEW_RUNTIMES"];
  const candidates = copies ? [join(copies, name)] : CANDIDATES[name]();
  return candidates.find((path) => answers(path, version)) ?? null;
}
