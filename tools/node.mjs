// Provides a `node` where there is no Node.js: the pinned Deno, which then also runs the test
// servers.
import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { ROOT } from "./runtimes.mjs";

function isOnPath(program) {
  return (process.env["PATH"] ?? "").split(delimiter).filter(Boolean).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Puts a `node` at the front of this process's PATH where there is no Node.js with npm. Returns
 * whether that was needed.
 */
export function provideNode({ deno }) {
  if (!process.versions.bun && !process.versions.deno) return false;
  if (isOnPath("node") && isOnPath("npm")) return false;
  const folder = join(ROOT, ".cache", "node"), script = join(folder, "node");
  mkdirSync(folder, { recursive: true });
  writeFileSync(script, `#!/bin/sh\nexec '${deno.replaceAll("'", "'\\''")}' run -A "$@"\n`);
  chmodSync(script, 0o755);
  process.env["PATH"] = [folder, process.env["PATH"]].join(delimiter);
  return true;
}
