// Makes dist/, the content of the npm package: JavaScript and declarations. Deno runs no TypeScript
// from node_modules; JSR gets the sources instead.
//
// The JavaScript is one file for each door, with chunks for shared code and for code that is loaded
// at its first use: a hundred files would double the time of an import. Names are kept as in the
// sources, since errors and stack traces show them.
//
//   npm run build                 into dist/
//   npm run build -- some/folder
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { inModules, ROOT, SELF } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

/**
 * The module that node_libcurl.ts also exports as a namespace, which requires a file of its own.
 */
const NAMESPACE = "src/node_libcurl/names";
/** The doors: their paths in dist/ and in the sources, without the extensions. */
const DOORS = [
  ...["mod", "cli", "command", "doctor", "session", "observe", "poll", "register", "node_libcurl"],
  ...["ffi/mod", "src/constants", NAMESPACE],
];

const DIST = resolve(process.argv[2] ?? join(ROOT, "dist"));

const keepNamespace = {
  name: "keep-namespace",
  resolveId(source, importer) {
    if (source !== `./${NAMESPACE}.ts` || !importer?.endsWith("node_libcurl.ts")) return null;
    return { id: `./${NAMESPACE}.js`, external: true };
  },
};

function declarations() {
  const tsc = inModules("typescript", "bin", "tsc");
  const args = [tsc, "--project", "tools/tsconfig.build.json", "--outDir", DIST];
  const [runtime, ...flags] = SELF;
  const { status } = spawnSync(runtime, [...flags, ...args], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  copyFileSync(join(ROOT, "tools", "globals.d.ts"), join(DIST, "globals.d.ts"));
  for (const door of DOORS) nameGlobals(door);
}

/**
 * Adds a reference to the names of the web's interfaces to the declarations of a door, for programs
 * that have none of a runtime.
 */
function nameGlobals(door) {
  const path = join(DIST, `${door}.d.ts`), up = "../".repeat(door.split("/").length - 1);
  const reference = `/// <reference path="${up || "./"}globals.d.ts" />\n`;
  writeFileSync(path, reference + readFileSync(path, "utf8").replace(/^#!.*\n/, ""));
}

async function bundles() {
  const { rolldown } = await import("rolldown"); // after setup() has installed it
  const bundle = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(DOORS.map((door) => [door, `${door}.ts`])),
    external: /^(?:node|bun):/,
    tsconfig: false,
    plugins: [keepNamespace],
  });
  const { output } = await bundle.write({
    dir: DIST,
    format: "esm",
    sourcemap: true,
    keepNames: true,
    comments: false, // the source maps and the declarations have them
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
  });
  await bundle.close();
  for (const { isEntry, name, exports } of output) if (isEntry) writeStub(name, exports);
}

/** The statement that names the supported runtimes to a user of Node.js. */
const REFUSAL = "throw new Error(`curlew runs on Bun and Deno, whose FFI loads libcurl. ` +\n" +
  '  `This is Node.js ${process.version}: run the program by "bun" or "deno run -A".`);\n';

/**
 * Writes the module that Node.js gets: it has the same names, since a missing one would be a
 * SyntaxError, and throws an error that names the supported runtimes. Deno's `require` resolves the
 * condition "node" and not "deno", so the module for `require` checks the runtime.
 */
function writeStub(door, names) {
  const path = join(DIST, "node", door), up = "../".repeat(door.split("/").length);
  const bindings = names.filter((name) => name !== "default").join(", ");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    `${path}.cjs`,
    `if ("Deno" in globalThis) module.exports = require("${up}${door}.js");\nelse ${REFUSAL}`,
  );
  writeFileSync(
    `${path}.js`,
    (bindings ? `export let ${bindings};\n` : "") +
      (names.includes("default") ? "export default undefined;\n" : "") +
      REFUSAL,
  );
}

setup();
rmSync(DIST, { recursive: true, force: true });
declarations();
await bundles();
