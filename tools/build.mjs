// Makes dist/, what npm gets: JavaScript and declarations. Deno runs no TypeScript out of
// node_modules; JSR ships the sources instead.
//
//   npm run build
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { inModules, ROOT } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

setup();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const tsc = inModules("typescript", "bin", "tsc");
const args = [tsc, "--project", "tools/tsconfig.build.json"];
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
process.exit(status ?? 1);
