import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

function compile(source: string, output: string): Promise<boolean> {
  const args = ["-shared", "-fPIC", "-O1", "-o", output, source, "-ldl"];
  return new Promise((resolve) => {
    execFile("cc", args, (error, _stdout, stderr) => {
      // No compiler is a reason to skip; one that refuses our source is not.
      if (error && stderr) console.error(stderr);
      resolve(!error);
    });
  });
}

/** Kept under node_modules by the source's hash: nobody cleans up after a test's worker. */
async function build(): Promise<string | null> {
  if (process.platform !== "linux") return null;
  const source = fileURLToPath(new URL("./slow_resolver.c", import.meta.url));
  const hash = createHash("sha256").update(await readFile(source)).digest("hex").slice(0, 16);
  const folder = fileURLToPath(new URL("../../node_modules/.cache/curlew/", import.meta.url));
  const output = join(folder, `slow_resolver-${process.arch}-${hash}.so`);
  if (existsSync(output)) return output;
  await mkdir(folder, { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  if (!await compile(source, unfinished)) return null;
  await rename(unfinished, output);
  return output;
}

let built: Promise<string | null> | undefined;

/**
 * The shared object for a child's LD_PRELOAD, null where there is no C compiler:
 * `3000.slow.test` resolves to 127.0.0.1 after 3000 ms, `3000.fail.test` fails after them.
 */
export function buildSlowResolver(): Promise<string | null> {
  return built ??= build();
}
