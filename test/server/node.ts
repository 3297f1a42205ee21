import { accessSync, constants, realpathSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import process from "node:process";

/** `bun --bun` puts a `node` that is Bun at the front of PATH; the servers need the real one. */
function isRealNode(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return !basename(realpathSync(path)).startsWith("bun");
  } catch {
    return false;
  }
}

/** The first real Node.js on PATH. */
export function findNode(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "");
  const found = folders.map((dir) => join(dir, "node")).find(isRealNode);
  if (found) return found;
  throw new Error("the test servers need Node.js 20 or newer: no `node` on the PATH");
}
