// Tests the README on an empty machine: in a fresh Debian with the packages of README's install
// table and no others, an ordinary user clones the project into a folder with spaces in its name
// and runs the demo and the quick tests, with Node.js, and then with Deno or Bun alone.
//
//   npm run test:bare                     bookworm and trixie
//   npm run test:bare -- --only trixie
//   npm run test:bare -- --with bun       one of node, deno, bun
//
// Needs root, debootstrap and a Debian archive that apt knows. The archive and the npm registry are
// those of this machine's configuration.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { mirror } from "./matrix/apt.mjs";
import { failure, step, summary } from "./report.mjs";
import { ROOT } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const SUITES = ["bookworm", "trixie"];
const USER = "somebody", HOME = `/home/${USER}`, CLONE = `${HOME}/my own projects/curlew`;
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const STEP_LIMIT_MS = 20 * 60_000;

/** The commands that the user types, by the runtimes that are installed. */
const COMMANDS = {
  node: ["npm run demo", "npm test -- --quick"],
  deno: ["deno task demo", "deno task test --quick"],
  bun: ["bun run demo", "bun run test --quick"],
};

function output(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error) throw new Error(`Cannot run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed with ${status}:\n${stderr || stdout}`);
  return stdout.trim();
}

/** The reason why this machine cannot make the system, null if it can. */
function obstacle() {
  if (process.getuid?.() !== 0) return "only root can make a system of its own (chroot)";
  for (const program of ["debootstrap", "unshare", "git"]) {
    if (spawnSync(program, ["--version"]).error) return `there is no ${program} on this machine`;
  }
  try {
    mirror();
  } catch (error) {
    return error.message;
  }
  return null;
}

/** The install command of the README for Debian. */
function installCommand() {
  const row = /^\| Debian[^|]*\| `apt-get install ([^`]+)`/m;
  const [, packages] = row.exec(readFileSync(join(ROOT, "README.md"), "utf8")) ?? [];
  if (!packages) throw new Error("README.md has no command for Debian in its table");
  return ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages.split(" ")];
}

/** Runs a command in the system below `root`, with mounts of its own, which end with it. */
function inside(root, user, command, env = {}) {
  const mounts = ["proc proc", "sysfs sys", "tmpfs dev/shm"].map((mount) => {
    const [type, place] = mount.split(" ");
    return `mount -t ${type} ${type} "$0/${place}"`;
  });
  const mount = [...mounts, `exec "$@"`].join(" && ");
  const all = {
    HOME: user === "root" ? "/root" : HOME,
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...env,
  };
  if (user === "root") all.PATH += ":/usr/sbin:/sbin";
  return [
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", mount, root],
    ...["chroot", `--userspec=${user}:${user}`, root, "/usr/bin/env", "-i"],
    ...[...Object.entries(all).map(([name, value]) => `${name}=${value}`), ...command],
  ];
}

/** Copies this machine's settings of names, certificates and apt to the new system. */
function connect(root, suite) {
  const copied = ["/etc/resolv.conf", "/etc/hosts", CERTIFICATES, "/etc/apt/auth.conf"];
  for (const path of copied.filter((path) => existsSync(path))) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    rmSync(join(root, path), { force: true });
    copyFileSync(path, join(root, path));
  }
  const own = "/usr/local/share/ca-certificates";
  if (existsSync(own)) cpSync(own, join(root, own), { recursive: true, dereference: true });
  const acquire = output("apt-config", "dump").split("\n").filter((line) =>
    /^Acquire::/.test(line)
  );
  writeFileSync(join(root, "etc/apt/apt.conf.d/00host"), `${acquire.join("\n")}\n`);
  const sources = `deb [signed-by=${KEYRING}] ${mirror()} ${suite} main\n`;
  writeFileSync(join(root, "etc/apt/sources.list"), sources);
}

/** Clones the project, and copies this machine's settings of npm. */
function populate(root) {
  output(...inside(root, "root", ["useradd", "--create-home", "--shell", "/bin/sh", USER]));
  mkdirSync(join(root, dirname(CLONE)), { recursive: true });
  output(
    "git",
    "clone",
    "--quiet",
    "--no-hardlinks",
    "--depth",
    "1",
    `file://${ROOT}`,
    join(root, CLONE),
  );
  const settings = join(homedir(), ".npmrc");
  if (existsSync(settings)) copyFileSync(settings, join(root, HOME, ".npmrc"));
  output(...inside(root, "root", ["chown", "-R", `${USER}:${USER}`, HOME]));
}

/** Installs one runtime in the system, and removes the others. */
function provide(root, name, paths) {
  const bin = join(root, "usr/local/bin"), modules = join(root, "usr/local/lib/node_modules");
  for (const old of ["node", "npm", "npx", "deno", "bun"]) rmSync(join(bin, old), { force: true });
  rmSync(modules, { recursive: true, force: true });
  copyFileSync(name === "node" ? process.execPath : paths[name], join(bin, name));
  chmodSync(join(bin, name), 0o755);
  if (name !== "node") return;
  const script = process.env["npm_execpath"] ??
    join(output("npm", "root", "-g"), "npm/bin/npm-cli.js");
  cpSync(dirname(dirname(script)), join(modules, "npm"), { recursive: true, dereference: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(bin, "npm"));
}

/** The environment variables for this machine's registry. */
function registry() {
  return {
    NPM_CONFIG_REGISTRY: output("npm", "config", "get", "registry"),
    NODE_EXTRA_CA_CERTS: CERTIFICATES,
    DENO_TLS_CA_STORE: "system",
  };
}

async function tryOut(suite, paths, names) {
  const bootstrap = ["debootstrap", "--variant=minbase", `--keyring=${KEYRING}`];
  const asRoot = (...command) =>
    inside(root, "root", command, { DEBIAN_FRONTEND: "noninteractive" });
  const limit = { timeout: STEP_LIMIT_MS };
  if (!step(`${suite}: debootstrap`, [...bootstrap, suite, root, mirror()], limit)) return;
  connect(root, suite);
  if (!step(`${suite}: apt-get update`, asRoot("apt-get", "update", "-q"), limit)) return;
  if (!step(`${suite}: README's install`, asRoot(...installCommand()), limit)) return;
  output(...asRoot("update-ca-certificates"));
  populate(root);
  for (const name of names) {
    rmSync(join(root, CLONE, "node_modules"), { recursive: true, force: true });
    provide(root, name, paths);
    for (const command of COMMANDS[name]) {
      await turn(); // a signal that arrived meanwhile ends this program here
      const run = ["sh", "-c", `cd "${CLONE}" && exec ${command}`];
      step(`${suite}: ${command}`, inside(root, USER, run, registry()), limit);
    }
  }
}

function option(name, all) {
  const at = process.argv.indexOf(name);
  if (at < 0) return all;
  const chosen = process.argv[at + 1];
  if (all.includes(chosen)) return [chosen];
  process.stderr.write(`bare: ${name} takes one of ${all.join(", ")}, not "${chosen ?? ""}"\n`);
  process.exit(2);
}

const suites = option("--only", SUITES), names = option("--with", Object.keys(COMMANDS));
const paths = setup(), why = obstacle();
if (why) {
  process.stdout.write(`NOT RUN: ${why}\n`);
  process.exit(0);
}
let root;
process.on("exit", () => root && rmSync(root, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
for (const suite of suites) {
  root = mkdtempSync(join(tmpdir(), `curlew-${suite}-`));
  chmodSync(root, 0o755);
  try {
    await tryOut(suite, paths, names);
  } catch (error) {
    failure(suite, error.message);
  }
  rmSync(root, { recursive: true, force: true });
}
process.exit(summary());
