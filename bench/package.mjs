// Installs curlew from its npm package, with the clients beside it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../tools/runtimes.mjs";

/** Builds the package and installs it; returns the folder that has `clients/`. */
export function install(folder) {
  const root = join(folder, "installed"), curlew = join(root, "node_modules", "curlew");
  mkdirSync(curlew, { recursive: true });
  const build = [join(ROOT, "tools", "build.mjs"), join(curlew, "dist")];
  const { status } = spawnSync(process.execPath, build, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("the package cannot be built");
  cpSync(join(ROOT, "package.json"), join(curlew, "package.json"));
  cpSync(join(ROOT, "bench", "clients"), join(root, "clients"), { recursive: true });
  const dependencies = { curlew: "*" };
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module", dependencies }));
  return root;
}
