// Compiles the C programs with the system's compiler into a temporary folder.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../tools/runtimes.mjs";

const PROGRAMS = ["baseline", "meter", "server"];
const COMPILERS = [process.env["CC"], "cc", "gcc", "clang"].filter(Boolean);

const works = (compiler) => spawnSync(compiler, ["--version"], { stdio: "ignore" }).status === 0;

/** Returns the paths of the programs by name; null where there is no compiler. */
export function build(folder) {
  const compiler = COMPILERS.find(works);
  if (!compiler) return null;
  const paths = PROGRAMS.map((name) => {
    const out = join(folder, name), source = join(ROOT, "bench", "c", `${name}.c`);
    const { status } = spawnSync(compiler, ["-O2", "-o", out, source, "-ldl"], {
      stdio: "inherit",
    });
    if (status !== 0) throw new Error(`${compiler} cannot build ${name}.c`);
    return [name, out];
  });
  return Object.fromEntries(paths);
}
