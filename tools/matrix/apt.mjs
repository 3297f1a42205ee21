// Uses Debian packages without root and without installing: apt, with lists and a status of its
// own, downloads and verifies them, and dpkg unpacks them.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

function output(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error) throw new Error(`Cannot run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed with ${status}:\n${stderr || stdout}`);
  return stdout;
}

/** The address of the Debian archive in this machine's configuration. */
export function mirror() {
  const chosen = process.env["CURLEW_DEBIAN_MIRROR"];
  if (chosen) return chosen;
  const rows = output("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages");
  const found = rows.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (found) return found;
  throw new Error("apt knows no Debian archive here: name one in CURLEW_DEBIAN_MIRROR");
}

function options(folder, architecture) {
  const settings = {
    ...(architecture && { "APT::Architecture": architecture, "APT::Architectures": architecture }),
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::lists": join(folder, "lists"),
    // no package counts as installed, so all dependencies are downloaded
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(folder, "cache"),
    "Debug::NoLocking": "1",
    // otherwise apt run by root would use a user without the permissions
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "5",
    "Acquire::http::Timeout": "60",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/**
 * Tries an action three times, with a pause between, since a fault of the network may be temporary.
 */
async function persistently(action) {
  for (let attempt = 1;; attempt++) {
    try {
      return action();
    } catch (error) {
      if (attempt === 3) throw error;
      process.stderr.write(`${error.message.trim()}\nTrying again\n`);
      await sleep(attempt * 10_000);
    }
  }
}

/**
 * Unpacks packages of the last suite with all their dependencies into `target`. apt checks each
 * file against the hashes of the signed index. `architecture` is Debian's name of another
 * architecture than this machine's.
 */
export async function unpack(suites, packages, folder, target, architecture) {
  for (const path of ["lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  mkdirSync(target, { recursive: true });
  const archive = mirror();
  // the indexes of old suites are no longer renewed, so they have expired
  const how = `[signed-by=${KEYRING} check-valid-until=no]`;
  const lines = suites.map((suite) => `deb ${how} ${archive} ${suite} main\n`);
  writeFileSync(join(folder, "sources.list"), lines.join(""));
  const apt = ["-qq", "-y", ...options(folder, architecture)];
  const wanted = packages.map((name) => `${name}/${suites.at(-1)}`);
  await persistently(() => output("apt-get", ...apt, "--error-on=any", "update"));
  const install = ["--no-install-recommends", "--download-only", "install", ...wanted];
  await persistently(() => output("apt-get", ...apt, ...install));
  const archives = join(folder, "cache", "archives");
  for (const name of readdirSync(archives)) {
    if (name.endsWith(".deb")) output("dpkg", "-x", join(archives, name), target);
  }
}

/** The name of the Debian release that this machine runs, such as "bookworm". */
export function codename() {
  return /^VERSION_CODENAME=(\w+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
}
