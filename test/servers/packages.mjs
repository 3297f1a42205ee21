// Servers from the distribution's packages, without installing any: apt-get downloads the missing
// packages with all dependencies, and dpkg unpacks them into a folder of the project. That needs no
// root, starts no daemon, has no conflicts, and does not change the libcurl under test.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../../.cache/servers", import.meta.url));

/** An apt-get with package lists of its own, since only root may update the system's. */
function apt(folder, ...args) {
  const options = {
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "", // the folder need not be readable by _apt
    "Acquire::Retries": "3",
  };
  const given = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const cwd = join(folder, "debs"), maxBuffer = 1 << 24, timeout = 180_000;
  const env = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  return run("apt-get", ["-qq", ...given, ...args], { cwd, env, maxBuffer, timeout });
}

/** The packages that would be installed. */
async function missingFor(folder, packages) {
  const { stdout } = await apt(folder, "-s", "--no-install-recommends", "install", ...packages);
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
}

/** The same for those of the packages that this distribution has. */
async function closure(folder, packages) {
  try {
    return await missingFor(folder, packages);
  } catch {
    const each = packages.map((name) => missingFor(folder, [name]).catch(() => []));
    return [...new Set((await Promise.all(each)).flat())];
  }
}

/** Downloads and unpacks packages. Returns their number. */
async function fill(folder, packages) {
  for (const name of ["lists/partial", "cache/archives/partial", "debs", "root"]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await apt(folder, "update");
  const names = await closure(folder, packages);
  if (names.length > 0) await apt(folder, "download", ...names);
  const debs = (await readdir(join(folder, "debs"))).filter((name) => name.endsWith(".deb"));
  const root = join(folder, "root");
  for (const deb of debs) await run("dpkg-deb", ["-x", join(folder, "debs", deb), root]);
  return debs.length;
}

/**
 * Unpacks the missing packages, unless that was done before.
 *
 * @returns the folder that takes the place of `/`, the number of packages unpacked now, and the
 * problem, if packages are missing.
 */
export async function fetchPackages(packages) {
  const wanted = createHash("sha256").update([...packages].sort().join(" ")).digest("hex");
  const folder = join(CACHE, wanted.slice(0, 12)), root = join(folder, "root");
  if (existsSync(folder)) return { root, problem: null, count: 0 };
  const own = `${folder}.${process.pid}`; // renamed when it is complete
  try {
    const count = await fill(own, packages);
    await rename(own, folder);
    return { root, problem: null, count };
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (existsSync(folder)) return { root, problem: null, count: 0 }; // another run was faster
    const why = error.code === "ENOENT" ? "no apt-get here" : String(error.stderr ?? error.message);
    return { root, problem: why.trim().split("\n").at(-1), count: 0 };
  }
}
