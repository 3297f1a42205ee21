// The tests nearest to C on Linux arm64, emulated by QEMU's user mode: Bun, Deno, libcurl, the C
// library and the C compiler are arm64 builds; the kernel, the test servers and these tools are this
// machine's.
//
//   npm run test:arm64
//   npm run test:arm64 -- test/driver -t "abort"     arguments go to vitest
//
// Packages of Debian and npm are unpacked into the folder of the matrix' libcurls. The runtimes run
// in namespaces of their own, in which the kernel starts arm64 programs by QEMU, and in which the
// unpacked folders are mounted above those of /usr. Nothing is installed; root is not needed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { mirror } from "./matrix/apt.mjs";
import { filled, stored } from "./matrix/unpacked.mjs";
import { step, suite, summary } from "./report.mjs";
import { inModules, ROOT, RUNTIMES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";
import { SLOW } from "./slow.mjs";

const SUITE_LIMIT_MS = 3 * 3600_000;

/** What the emulation needs: QEMU's default processor signs pointers, which costs a third more. */
const SLOWNESS = { QEMU_CPU: "cortex-a72", CURLEW_PATIENCE: "6" };

/** How often a failed test is run again: some expect an answer within milliseconds. */
const RETRIES = 2;

const EMULATOR = { name: "qemu", suites: ["trixie"], packages: ["qemu-user"] };
const SYSTEM = {
  name: "arm64",
  suites: ["bookworm"],
  packages: ["libcurl4-openssl-dev", "libc6-dev", "gcc"],
};
const BINARIES = {
  bun: ["@oven", "bun-linux-aarch64", "bin", "bun"],
  deno: ["@deno", "linux-arm64-glibc", "deno"],
};

/** The tests that run if no argument is given: C types and calls, the kernel's events, fetch. */
const TESTS = [
  ...["ffi", "handles", "driver"],
  ...["http/request", "http/request_body", "http/response", "http/transfer"],
].map((folder) => `test/${folder}/`);

const TOO_SLOW = "it measures milliseconds, and an emulated processor is too slow for them";

/** Names of the tests that fail only because of the emulator, with the reason. */
const LEFT_OUT = {
  "TIMEOUT_MS is kept within 50 ms": TOO_SLOW,
  "a hundred different timeouts are each kept": TOO_SLOW,
  "the application's setImmediate and promises run between two slices": TOO_SLOW,
  "the blocking perform() does not take it for its response, of several hosts":
    "QEMU gives getsockopt(SO_COOKIE) 4 bytes instead of 8, which Linux refuses",
};

const NAMESPACES = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"];
const BINFMT = "/proc/sys/fs/binfmt_misc";
// $1 the format, $2 the arm64 system, $3 and $4 its node_modules and this machine's. A second mount
// over a part of /usr would cut the paths of mapped files in /proc/self/maps short.
const ENTER = `set -e
mount -t binfmt_misc binfmt_misc ${BINFMT}
printf %s "$1" > ${BINFMT}/register
for folder in bin include; do
  mount -t overlay overlay -o "lowerdir=$2/usr/$folder:/usr/$folder" "/usr/$folder"
done
mount -t overlay overlay -o "lowerdir=$2/lib:$2/usr/lib:/usr/lib" /usr/lib
mount --bind "$3" "$4"
shift 4
exec "$@"`;

/** The command line of a shell script in new namespaces; its mounts and processes end with it. */
function apart(script, ...args) {
  return ["unshare", ...NAMESPACES, "--mount-proc", "sh", "-c", script, "sh", ...args];
}

/** The reason why this machine cannot emulate arm64, or null. */
function obstacle() {
  if (process.platform !== "linux") return "only Linux can start programs by an emulator";
  if (process.arch === "arm64") return "this machine is arm64: npm test runs all tests on it";
  const [program, ...args] = apart(`mount -t binfmt_misc binfmt_misc ${BINFMT}`);
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) {
    const why = error?.message ?? stderr.trim();
    return `a user namespace cannot register an emulator, as it can since Linux 6.7: ${why}`;
  }
  try {
    mirror();
  } catch (error) {
    return error.message;
  }
  return null;
}

/** The folder of the arm64 system. The tests call its compiler `cc`. */
async function system() {
  const root = join(await stored(SYSTEM.name, SYSTEM.suites, SYSTEM.packages, "arm64"), "root");
  const cc = join(root, "usr/bin/cc");
  if (!existsSync(cc)) symlinkSync("gcc", cc);
  return root;
}

function installModules(folder) {
  for (const name of ["package.json", "package-lock.json"]) {
    copyFileSync(join(ROOT, name), join(folder, name));
  }
  const platform = ["--os=linux", "--cpu=arm64", "--libc=glibc"];
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", ...platform];
  const stdio = ["ignore", process.stderr, "inherit"];
  const { status, error } = spawnSync("npm", args, { cwd: folder, stdio });
  if (status !== 0) throw new Error(`npm could not install for arm64: ${error ?? "see above"}`);
  for (const path of Object.values(BINARIES)) {
    chmodSync(join(folder, "node_modules", ...path), 0o755);
  }
}

/** The folder of the packages that package-lock.json pins, with binaries for arm64. */
async function modules() {
  const lock = readFileSync(join(ROOT, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 12);
  return join(await filled(`arm64-modules-${hash}`, installModules), "node_modules");
}

/** The line that registers QEMU at the kernel; P: with the program's own name, F: opened now. */
function format(emulator) {
  const line = readFileSync(join(emulator, "usr/share/qemu/binfmt.d/qemu-aarch64.conf"), "utf8");
  const magic = line.trim().split(":").slice(0, -2);
  return [...magic, join(emulator, "usr/bin/qemu-aarch64"), "PF"].join(":");
}

/** The command line that starts a program on arm64. */
async function emulation() {
  const { name, suites, packages } = EMULATOR;
  const emulator = join(await stored(name, suites, packages), "root");
  return apart(ENTER, format(emulator), await system(), await modules(), inModules());
}

function run(runtime, via, args) {
  const path = inModules(...BINARIES[runtime]), options = { via, env: SLOWNESS };
  const library = [path, "run", ...(runtime === "deno" ? ["-A"] : []), "tools/library.ts"];
  if (!step(`arm64: libcurl on ${runtime}`, [...via, ...library], { env: SLOWNESS })) return;
  suite("arm64", runtime, path, args, { ...options, timeout: SUITE_LIMIT_MS });
}

/** vitest's arguments: a test that was left out runs if a name is given. */
function vitestArguments(given) {
  const args = given.length > 0
    ? [...given]
    : [...TESTS, ...SLOW.flatMap((path) => ["--exclude", path])];
  const isNamed = args.some((arg) => arg === "-t" || arg.startsWith("--testNamePattern"));
  if (!isNamed) {
    const names = Object.keys(LEFT_OUT).map((name) => name.replaceAll(/[()]/g, "\\$&"));
    args.push("--testNamePattern", `^(?!.*(${names.join("|")}))`);
    for (const [name, why] of Object.entries(LEFT_OUT)) console.log(`NOT RUN: "${name}": ${why}`);
  }
  return [...args, `--retry=${RETRIES}`];
}

setup();
const why = obstacle();
if (why) {
  process.stdout.write(`NOT RUN: ${why}\n`);
  process.exit(0);
}
const args = vitestArguments(process.argv.slice(2)), via = await emulation();
for (const runtime of RUNTIMES) run(runtime, via, args);
process.exit(summary());
