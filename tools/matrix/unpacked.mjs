// Finds a libcurl of the matrix: the system's own, or one unpacked into a folder that git ignores,
// together with the runtimes that can load it.
//
//   node tools/matrix/unpacked.mjs 8.14.1      unpacks it and prints its path
//   CURLEW_LIBRARY=$(node tools/matrix/unpacked.mjs 8.14.1) npm test
//
// CURLEW_LIBRARIES names another folder for them.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { pinnedVersions, ROOT, RUNTIMES } from "../runtimes.mjs";
import { setup } from "../setup.mjs";
import { codename, unpack } from "./apt.mjs";
import { repath } from "./elf.mjs";
import { LIBRARIES } from "./libraries.mjs";

/** The folder of what is unpacked. */
export const STORE = resolve(process.env["CURLEW_LIBRARIES"] || join(ROOT, ".libraries"));

function run(command, ...args) {
  return spawnSync(command, args, { encoding: "utf8" });
}

/** The files of that name in the library folders below `root`, one for each architecture. */
function inFolders(root, pattern) {
  const found = [];
  for (const base of [join(root, "usr/lib"), join(root, "lib")]) {
    if (!existsSync(base)) continue;
    for (const { name } of readdirSync(base, { withFileTypes: true })) {
      if (!name.includes("-linux-gnu")) continue;
      for (const file of readdirSync(join(base, name))) {
        if (pattern.test(file)) found.push(join(base, name, file));
      }
    }
  }
  return found;
}

const exactly = (file) => new RegExp(`^${file.replaceAll(".", "\\.")}$`);

/**
 * Has `fill` fill `STORE/name` unless it exists: completely or not at all, even if another process
 * does the same.
 */
export async function filled(name, fill) {
  const place = join(STORE, name);
  if (existsSync(place)) return place;
  mkdirSync(STORE, { recursive: true });
  const work = mkdtempSync(join(STORE, `.${name}-`));
  try {
    await fill(work);
    renameSync(work, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return place;
}

/** Unpacks packages with all their dependencies into `root` of the folder that is returned. */
export function stored(name, suites, packages, architecture) {
  return filled(name, async (work) => {
    const place = join(STORE, name);
    process.stderr.write(`Unpacking ${packages.join(", ")} of ${suites.at(-1)} into ${place}\n`);
    await unpack(suites, packages, join(work, "apt"), join(work, "root"), architecture);
    rmSync(join(work, "apt"), { recursive: true });
  });
}

/** Whether this machine's loader finds all libraries that the library needs. */
function loadsHere(library) {
  const { status, stdout, stderr } = run("ldd", library);
  return status === 0 && !/not found/.test(stdout + stderr);
}

async function patchelf() {
  if (run("patchelf", "--version").status === 0) return "patchelf";
  return join(await stored("patchelf", [codename()], ["patchelf"]), "root/usr/bin/patchelf");
}

/** A copy of a runtime that uses the unpacked C library instead of the system's. */
async function patched(runtime, original, place) {
  const copy = join(place, "bin", runtime);
  const version = pinnedVersions().get(runtime);
  if (existsSync(copy) && run(copy, "--version").stdout?.split(/\s+/).includes(version)) {
    return copy;
  }
  const root = join(place, "root");
  const [loader] = inFolders(root, /^ld-linux.*\.so\.\d+$/);
  const paths = new Set(inFolders(root, /\.so(\.|$)/).map((file) => dirname(file)));
  mkdirSync(dirname(copy), { recursive: true });
  const work = `${copy}.${process.pid}`;
  copyFileSync(original, work);
  repath(await patchelf(), work, loader, [...paths]);
  renameSync(work, copy);
  return copy;
}

/**
 * Prepares one row of the table. Returns the path of its library, and of a Bun and a Deno that load
 * it.
 */
export async function unpacked(name) {
  const row = LIBRARIES.find((row) => row.name === name);
  if (!row) {
    throw new Error(`There is no "${name}": ${LIBRARIES.map(({ name }) => name).join(", ")}`);
  }
  const runtimes = setup();
  const own = row.own === codename() ? inFolders("/", exactly(row.file))[0] : undefined;
  if (own) return { ...row, library: own, runtimes };
  const place = await stored(name, row.suites, [row.package]);
  const [library] = inFolders(join(place, "root"), exactly(row.file));
  if (!library) throw new Error(`${row.package} of ${row.suites.at(-1)} has no ${row.file}`);
  if (loadsHere(library)) return { ...row, library, runtimes };
  const copies = {};
  for (const runtime of RUNTIMES) {
    copies[runtime] = await patched(runtime, runtimes[runtime], place);
  }
  return { ...row, library, runtimes: copies, foreign: true };
}

async function main(names) {
  if (names.length === 0) names = LIBRARIES.map(({ name }) => name);
  for (const name of names) {
    const { library, runtimes, foreign } = await unpacked(name);
    if (foreign) process.stderr.write(`Needs ${runtimes.bun} or ${runtimes.deno}\n`);
    process.stdout.write(`${library}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`Cannot unpack: ${error.message}\n`);
    process.exit(1);
  }
}
