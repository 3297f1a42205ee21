// The heart of the suite on Linux arm64, emulated: the test servers, the tools and the kernel are
// this machine's, while Bun, Deno, libcurl, the C library and the C compiler are arm64's.
//
//   npm run test:arm64
//   npm run test:arm64 -- test/ffi -t "layout"     arguments go to vitest
//
// Packages of Debian and npm are unpacked into the folder of the matrix' libcurls. The programs run
// in namespaces of their own, where the kernel gives arm64 files to QEMU, and where the
// unpacked files lie above this machine's in /usr. Nothing is installed, and root is not needed.
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

const SUITE_LIMIT_MS = 3 * 3600_000;
/** How much longer than on a real machine a thing may take. */
const PATIENCE = "6";
/** A plain one (a Raspberry Pi 4's): QEMU's own choice signs pointers, and a third of the time. */
const CPU = "cortex-a72";

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

/** What runs where no tests are named: what meets C types, the kernel and bytes. */
const TESTS = ["ffi", "handles", "driver", "http"].map((folder) => `test/${folder}/`);
/** Of `test/http` what is built on fetch. */
const BEYOND = ["cookies", "files", "retry", "session", "websocket"]
  .map((folder) => `test/http/${folder}/**`);

/** The tests that cannot run under the emulator, and why. */
const LEFT_OUT = {};

const NAMESPACES = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"];
const BINFMT = "/proc/sys/fs/binfmt_misc";
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

/** A command in namespaces of its own, whose mounts and processes end with it. */
function apart(script, ...args) {
  return ["unshare", ...NAMESPACES, "--mount-proc", "sh", "-c", script, "sh", ...args];
}

/** Why this machine cannot emulate another one, null where it can. */
function obstacle() {
  if (process.platform !== "linux") return "only Linux can give foreign programs to an emulator";
  if (process.arch === "arm64") return "this machine is an arm64: npm test runs everything on it";
  const [program, ...args] = apart(`mount -t binfmt_misc binfmt_misc ${BINFMT}`);
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) {
    const why = error?.message ?? stderr.trim();
    return `the kernel lets no namespace have formats of its own, as Linux 6.7 does: ${why}`;
  }
  try {
    mirror();
  } catch (error) {
    return error.message;
  }
  return null;
}

/** The unpacked system; `cc` is what the tests call the compiler. */
async function system() {
  const root = join(await stored(SYSTEM.name, SYSTEM.suites, SYSTEM.packages, "arm64"), "root");
  const cc = join(root, "usr/bin/cc");
  if (!existsSync(cc)) symlinkSync("gcc", cc);
  return root;
}

/** What package-lock.json pins, with the binaries for arm64. */
async function modules() {
  const lock = readFileSync(join(ROOT, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 12);
  const place = await filled(`arm64-modules-${hash}`, (work) => {
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(join(ROOT, name), join(work, name));
    }
    const platform = ["--os=linux", "--cpu=arm64", "--libc=glibc"];
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", ...platform];
    const stdio = ["ignore", process.stderr, "inherit"];
    const { status, error } = spawnSync("npm", args, { cwd: work, stdio });
    if (status !== 0) throw new Error(`npm could not install for arm64: ${error ?? "see above"}`);
    for (const path of Object.values(BINARIES)) {
      chmodSync(join(work, "node_modules", ...path), 0o755);
    }
  });
  return join(place, "node_modules");
}

/** QEMU's own line for binfmt_misc; F: the kernel opens it now. */
function format(emulator) {
  const line = readFileSync(join(emulator, "usr/share/qemu/binfmt.d/qemu-aarch64.conf"), "utf8");
  const fields = line.trim().split(":").slice(0, -2);
  return [...fields, join(emulator, "usr/bin/qemu-aarch64"), "PF"].join(":");
}

/** The program, and its arguments, that starts another one on arm64. */
async function door() {
  const { name, suites, packages } = EMULATOR;
  const emulator = join(await stored(name, suites, packages), "root");
  const mounts = [format(emulator), await system(), await modules(), inModules()];
  return apart(ENTER, ...mounts);
}

function run(runtime, via, args) {
  const path = inModules(...BINARIES[runtime]), title = `arm64 on ${runtime}`;
  const env = { QEMU_CPU: CPU, CURLEW_PATIENCE: PATIENCE };
  const library = [path, "run", ...(runtime === "deno" ? ["-A"] : []), "tools/library.ts"];
  if (!step(`${title}: libcurl`, [...via, ...library], { env })) return;
  suite("arm64", runtime, path, args, { env, via, timeout: SUITE_LIMIT_MS });
}

const given = process.argv.slice(2);
setup();
const why = obstacle();
if (why) {
  process.stdout.write(`NOT RUN: ${why}\n`);
  process.exit(0);
}
const left = Object.keys(LEFT_OUT).map((name) => `test/**/${name}.test.ts`);
for (const [name, why] of Object.entries(LEFT_OUT)) console.log(`NOT RUN: ${name}: ${why}`);
const chosen = given.length > 0 ? given : TESTS;
const excluded = [...left, ...(given.length > 0 ? [] : BEYOND)];
const via = await door();
for (const runtime of RUNTIMES) {
  run(runtime, via, [...excluded.flatMap((path) => ["--exclude", path]), ...chosen]);
}
process.exit(summary());
