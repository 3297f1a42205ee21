/** Shared objects for a child's LD_PRELOAD, compiled from a C file of the tests. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

function compile(source: string, output: string): Promise<boolean> {
  const args = ["-shared", "-fPIC", "-O1", "-o", output, source, "-ldl"];
  return new Promise((resolve) => {
    execFile("cc", args, (error, _stdout, stderr) => {
      // Without a compiler the tests are skipped; a compiler that refuses the source is an error.
      if (error && stderr) console.error(stderr);
      resolve(!error);
    });
  });
}

/**
 * The path of the shared object, null where there is no C compiler, or no Linux. The file is cached
 * under node_modules by the hash of its source: a test's worker does not clean up.
 */
export async function buildPreload(file: URL): Promise<string | null> {
  if (process.platform !== "linux") return null;
  const source = fileURLToPath(file), name = basename(source, ".c");
  const hash = createHash("sha256").update(await readFile(source)).digest("hex").slice(0, 16);
  const folder = fileURLToPath(new URL("../../node_modules/.cache/curlew/", import.meta.url));
  const output = join(folder, `${name}-${process.arch}-${hash}.so`);
  if (existsSync(output)) return output;
  await mkdir(folder, { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  if (!await compile(source, unfinished)) return null;
  await rename(unfinished, output);
  return output;
}
