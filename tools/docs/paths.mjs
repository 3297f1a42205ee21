// The folders of the site's sources and output, and the sub-paths of the package.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../runtimes.mjs";

/** The folder of the programs that build the site, with packages of their own. */
export const TOOLS = join(ROOT, "tools", "docs");
/** The folder of the pages. */
export const DOCS = join(ROOT, "docs");
/** The reference, which is made from the doc comments. */
export const API = join(DOCS, "api");
/** The built site. */
export const DIST = join(DOCS, "dist");

/** The source file of each sub-path: `curlew/session` is `session.ts`. */
export function subPaths() {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const entries = Object.entries(exports).map(([path, file]) => [
    path.replace(/^\./, "curlew"),
    join(ROOT, file),
  ]);
  return new Map(entries);
}

/** The pages of options and infos, whose types the package does not export by themselves. */
export const OPTIONS = "options";

/** The source file of each part of the reference: the sub-paths, and the options. */
export function modules() {
  return new Map([...subPaths(), [OPTIONS, join(TOOLS, "options.ts")]]);
}
